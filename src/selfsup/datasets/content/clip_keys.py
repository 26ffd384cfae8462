"""The keys of clips, hashes of their decoded pixels, and the lock of unlabelled clips."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from selfsup.datasets.content.keys import KEY_TYPE, content_hash, digest, numbered
from selfsup.datasets.content.sources import UNLABELLED


def clip_hash(frames: np.ndarray) -> str:
    """Return the sha256 of a clip's frames uint8 (T, 3, H, W), as of one image with the frames below each other."""
    count, _, height_px, width_px = frames.shape
    return content_hash(frames.transpose(0, 2, 3, 1).tobytes(), width_px, count * height_px)


def clip_keys(clips: Iterable[np.ndarray]) -> np.ndarray:
    """Return the keys bytes (N,) of clips, each uint8 (T, 3, H, W)."""
    return np.array(numbered(clip_hash(frames) for frames in clips), KEY_TYPE)


def clips_lock(hashes: Mapping[str, list[str]], grey: bool) -> dict[str, Any]:
    """Return the lock of unlabelled clips from their hashes by split; see lock.py for its keys."""
    keys = {split: numbered(sorted(names)) for split, names in hashes.items()}
    splits = {
        split: {"examples": len(names), "digest": digest(names, [UNLABELLED] * len(names))}
        for split, names in keys.items()
    }
    return {"splits": splits, "classes": [], "labelled": False, "grey": grey, "size_px": None}
