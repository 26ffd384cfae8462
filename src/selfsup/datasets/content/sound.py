"""Sound files of any format to int16 samples, with one sentence for a file that is damaged, cut off, or not sound."""

import io
import re
import struct
from pathlib import Path

import numpy as np
import soundfile

from selfsup.errors import InputError

LOUDEST = 4.0  # of floating point samples: four times full scale, 12 dB, is still an overload
UNKNOWN_BYTES = 0x7FFF0000  # sizes from here on are written by programs that could not know the length, as to a pipe
# libsndfile reads what is there of a file that was cut off, and says so in its log alone: bytes of the data, or samples.
CUT_BYTES = re.compile(
    r"^\s*(?:data|SSND|riff|Data Size)\s*: (?P<expected>\d+) \(should be (?P<actual>\d+)\)", re.MULTILINE
)
CUT_SAMPLES = re.compile(r"frame count (?P<actual>\d+) does not match value from 'ds64' chunk of (?P<expected>\d+)")
PROMISED_SAMPLES = re.compile(rb"^NIST_1A.*?sample_count -i (\d+)", re.DOTALL)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples int16 (S, C) of a file and its rate in Hz; of more than 16 bits the upper 16 are kept.

    Raises InputError where the file is damaged, cut off, empty, not sound, or not readable.
    """
    try:
        content = _content(path)
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            samples, rate_hz, log, promised = _int16(sound, path), sound.samplerate, sound.extra_info, sound.frames
    except PermissionError:
        raise InputError(f"{path} cannot be read; make it readable") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; restore it") from None
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be decoded as sound; replace or remove it") from error
    if header := PROMISED_SAMPLES.search(content[:1024]):
        promised = int(header[1])
    _check_length(path, log, promised, len(samples))
    if not len(samples):
        raise InputError(f"{path} has no samples; remove it")
    return samples, int(rate_hz)


def _content(path: Path) -> bytes:
    """Return the bytes of a file; a WAV whose data have the size 0, as of a writer that was stopped, reach to the end."""
    content = bytearray(path.read_bytes())
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        at = 12
        while at + 8 <= len(content):
            name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
            if name == b"data":
                if size == 0 and len(content) > at + 8:
                    struct.pack_into("<I", content, at + 4, len(content) - at - 8)
                break
            at += 8 + size + size % 2
    return bytes(content)


def _check_length(path: Path, log: str, promised: int, delivered: int) -> None:
    """Raise InputError where a file has fewer bytes or samples than its header says."""
    size = CUT_BYTES.search(log)
    if size and int(size["actual"]) < int(size["expected"]) < UNKNOWN_BYTES:
        raise InputError(f"{path} ends after {size['actual']} of {size['expected']} bytes of sound; replace it")
    if count := CUT_SAMPLES.search(log):
        delivered, promised = int(count["actual"]), int(count["expected"])
    if delivered < promised:
        raise InputError(f"{path} ends after {delivered} of {promised} samples; replace it")


def _int16(sound: soundfile.SoundFile, path: Path) -> np.ndarray:
    """Return the samples int16 (S, C); of floating point, 1 is full scale, and what is a little louder is cut.

    libsndfile would round floats to -1, 0 and 1. InputError where they are not finite, or so large that 1 is not full scale.
    """
    if sound.subtype not in ("FLOAT", "DOUBLE"):
        return sound.read(dtype="int16", always_2d=True)
    floats = sound.read(dtype="float64", always_2d=True)
    peak = np.abs(floats).max(initial=0.0)
    if not np.isfinite(peak):
        raise InputError(f"{path} has samples that are not finite; save it again")
    if peak > LOUDEST:
        raise InputError(
            f"{path} has floating point samples up to {peak:g}, where 1 is full scale; save it with 16 bits"
        )
    limits = np.iinfo(np.int16)
    return np.rint(-limits.min * floats).clip(limits.min, limits.max).astype(np.int16)
