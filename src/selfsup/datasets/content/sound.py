"""Sound files to samples, whatever the format, rate and number of channels, and a sentence for those that are none."""

import re
from pathlib import Path

import numpy as np
import soundfile

from selfsup.errors import InputError

# Of a WAV that ends too early libsndfile reads what is there, and says so in its log alone.
CUT_OFF = re.compile(r"^data : (?P<promised>\d+) \(should be (?P<there>\d+)\)", re.MULTILINE)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples int16 (S, C) of a file and its rate in Hz; more than 16 bits keep their upper 16.

    Raises InputError where the file is damaged, cut off, empty, no sound, or may not be read.
    """
    try:
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            samples, rate_hz, log = sound.read(dtype="int16", always_2d=True), sound.samplerate, sound.extra_info
    except PermissionError:
        raise InputError(f"{path} may not be read: allow reading it.") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: restore it.") from None
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be decoded as sound: replace or remove it.") from error
    cut = CUT_OFF.search(log)
    if cut and int(cut["promised"]) > int(cut["there"]):
        raise InputError(f"{path} is cut off after {cut['there']} of {cut['promised']} bytes of sound: replace it.")
    if not len(samples):
        raise InputError(f"{path} has no samples, so nothing can be heard in it: remove it.")
    return samples, int(rate_hz)


def mono(samples: np.ndarray, rate_hz: int, wanted_hz: int) -> np.ndarray:
    """Return int16 (S',) at ``wanted_hz`` of samples (S, C) at ``rate_hz``: channels averaged, then resampled (soxr)."""
    if samples.shape[1] == 1 and rate_hz == wanted_hz:
        return samples[:, 0]
    mixed = samples.mean(1, dtype=np.float32)
    if rate_hz != wanted_hz:
        import soxr  # here: most files already have the rate

        resampled = soxr.resample(mixed, rate_hz, wanted_hz)
        length = int(np.ceil(len(mixed) * (wanted_hz / rate_hz)))
        mixed = np.pad(resampled, (0, max(0, length - len(resampled))))[:length]
    limits = np.iinfo(np.int16)
    return np.rint(mixed).clip(limits.min, limits.max).astype(np.int16)
