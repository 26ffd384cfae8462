"""Sound files of any format, rate and number of channels to samples, with one sentence for a file that is not sound."""

import re
from pathlib import Path

import numpy as np
import soundfile

from selfsup.errors import InputError

# libsndfile reads a truncated WAV file without an error and reports it only in its log.
TRUNCATED = re.compile(r"^data : (?P<expected>\d+) \(should be (?P<actual>\d+)\)", re.MULTILINE)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples int16 (S, C) of a file and its rate in Hz; of more than 16 bits the upper 16 are kept.

    Raises InputError where the file is damaged, truncated, empty, not sound, or not readable.
    """
    try:
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            samples, rate_hz, log = sound.read(dtype="int16", always_2d=True), sound.samplerate, sound.extra_info
    except PermissionError:
        raise InputError(f"{path} cannot be read; make it readable") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; restore it") from None
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be decoded as sound; replace or remove it") from error
    size = TRUNCATED.search(log)
    if size and int(size["expected"]) > int(size["actual"]):
        raise InputError(f"{path} ends after {size['actual']} of {size['expected']} bytes of sound; replace it")
    if not len(samples):
        raise InputError(f"{path} has no samples; remove it")
    return samples, int(rate_hz)


def mono(samples: np.ndarray, rate_hz: int, target_hz: int) -> np.ndarray:
    """Return int16 (S',) at ``target_hz`` of samples (S, C) at ``rate_hz``: channels averaged, then resampled (soxr)."""
    if samples.shape[1] == 1 and rate_hz == target_hz:
        return samples[:, 0]
    mixed = samples.mean(1, dtype=np.float32)
    if rate_hz != target_hz:
        import soxr  # here: most files already have the rate

        resampled = soxr.resample(mixed, rate_hz, target_hz)
        length = int(np.ceil(len(mixed) * (target_hz / rate_hz)))
        mixed = np.pad(resampled, (0, max(0, length - len(resampled))))[:length]
    limits = np.iinfo(np.int16)
    return np.rint(mixed).clip(limits.min, limits.max).astype(np.int16)
