"""Keys of examples: hashes of their decoded pixels or samples."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

KEY_TYPE = "S72"


def content_hash(pixels: bytes, width_px: int, height_px: int) -> str:
    """Return the sha256 of an RGB image: its shape, then its bytes row by row, three per pixel."""
    return hashlib.sha256(f"{height_px} {width_px} 3\n".encode() + pixels).hexdigest()


def sound_hash(samples: "np.ndarray", rate_hz: int) -> str:
    """Return the sha256 of a recording int16 (S, C): its rate and shape, then its samples, C channels each."""
    return hashlib.sha256(f"{rate_hz} {len(samples)} {samples.shape[1]}\n".encode() + samples.tobytes()).hexdigest()


def numbered(hashes: Iterable[str]) -> list[str]:
    """Return the keys of examples: their hashes; the second of equal ones ends in ``-2``, the third in ``-3`` ..."""
    counts: Counter[str] = Counter()
    keys = []
    for name in hashes:
        counts[name] += 1
        keys.append(name if counts[name] == 1 else f"{name}-{counts[name]}")
    return keys


def captions_hash(captions: Sequence[str]) -> str:
    """Return the sha256 of the captions of an image, in their order."""
    return hashlib.sha256("".join(f"{len(text.encode())} {text}\n" for text in captions).encode()).hexdigest()


def digest(keys: Sequence[str], labels: Sequence[int | str]) -> str:
    """Return the sha256 of ordered examples, one line each: key and label (or the hash of its captions)."""
    lines = "".join(f"{key} {label}\n" for key, label in zip(keys, labels, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()
