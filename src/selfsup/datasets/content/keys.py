"""Keys of examples: hashes of their decoded pixels or samples."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

KEY_TYPE = "S72"


def content_hash(pixels: bytes, width_px: int, height_px: int) -> str:
    """Return the sha256 of an RGB image: its shape, then its bytes row by row, three per pixel."""
    return hashlib.sha256(f"{height_px} {width_px} 3\n".encode() + pixels).hexdigest()


def sound_hash(samples: np.ndarray, rate_hz: int) -> str:
    """Return the sha256 of a recording int16 (S, C): its rate and shape, then its samples, C channels each."""
    return hashlib.sha256(f"{rate_hz} {len(samples)} {samples.shape[1]}\n".encode() + samples.tobytes()).hexdigest()


def captions_hash(captions: Sequence[str]) -> str:
    """Return the sha256 of the captions of an image, in their order."""
    return hashlib.sha256("".join(f"{len(text.encode())} {text}\n" for text in captions).encode()).hexdigest()


def numbered(hashes: Iterable[str]) -> list[str]:
    """Return the keys of examples: their hashes; the second of equal ones ends in ``-2``, the third in ``-3`` ..."""
    counts: Counter[str] = Counter()
    keys = []
    for name in hashes:
        counts[name] += 1
        keys.append(name if counts[name] == 1 else f"{name}-{counts[name]}")
    return keys


def key_array(hashes: Iterable[str]) -> np.ndarray:
    """Return the keys, bytes (N,), of examples with these hashes."""
    return np.array(numbered(hashes), KEY_TYPE)


def image_keys(images: np.ndarray) -> np.ndarray:
    """Return the keys, bytes (N,), of images uint8 (N, 3, H, W)."""
    height_px, width_px = images.shape[2:]
    return key_array(content_hash(image.tobytes(), width_px, height_px) for image in images.transpose(0, 2, 3, 1))


def clip_keys(clips: np.ndarray) -> np.ndarray:
    """Return the keys, bytes (N,), of clips uint8 (N, T, 3, H, W), each as one image with its frames below each other."""
    examples, frames, channels, height_px, width_px = clips.shape
    return image_keys(clips.swapaxes(1, 2).reshape(examples, channels, frames * height_px, width_px))
