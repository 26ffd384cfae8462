"""What names an example: the hash of its decoded pixels, or samples."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

KEY_TYPE = "S72"


def content_hash(pixels: bytes, width_px: int, height_px: int) -> str:
    """Return the sha256 of an RGB image: its shape, then its bytes, row by row, three to a pixel."""
    return hashlib.sha256(f"{height_px} {width_px} 3\n".encode() + pixels).hexdigest()


def sound_hash(samples: "np.ndarray", rate_hz: int) -> str:
    """Return the sha256 of a recording, int16 (S, C): its rate and shape, then its samples, C channels to each."""
    return hashlib.sha256(f"{rate_hz} {len(samples)} {samples.shape[1]}\n".encode() + samples.tobytes()).hexdigest()


def numbered(hashes: Iterable[str]) -> list[str]:
    """Return the keys of examples: their hashes; the second of equals ends in ``-2``, the third in ``-3`` ..."""
    seen: Counter[str] = Counter()
    keys = []
    for name in hashes:
        seen[name] += 1
        keys.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return keys


def captions_hash(captions: Sequence[str]) -> str:
    """Return the sha256 of an image's captions in their order."""
    return hashlib.sha256("".join(f"{len(text.encode())} {text}\n" for text in captions).encode()).hexdigest()


def digest(keys: Sequence[str], labels: Sequence[int | str]) -> str:
    """Return the sha256 over ordered examples, one line each: key, label (or what else is said of it)."""
    lines = "".join(f"{key} {label}\n" for key, label in zip(keys, labels, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()
