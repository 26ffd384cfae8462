"""What names a clip: the hash of its decoded pixels, frame below frame."""

from collections.abc import Iterable

import numpy as np

from selfsup.datasets.content.keys import KEY_TYPE, content_hash, numbered


def clip_hash(frames: np.ndarray) -> str:
    """Return the sha256 of a clip's frames uint8 (T, 3, H, W), as of one image with the frames below each other."""
    count, _, height_px, width_px = frames.shape
    return content_hash(frames.transpose(0, 2, 3, 1).tobytes(), width_px, count * height_px)


def clip_keys(clips: Iterable[np.ndarray]) -> np.ndarray:
    """Return the keys bytes (N,) of clips, each uint8 (T, 3, H, W)."""
    return np.array(numbered(clip_hash(frames) for frames in clips), KEY_TYPE)
