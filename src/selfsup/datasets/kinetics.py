"""Kinetics, or any unlabelled videos: short clips for training, from video files or folders of extracted frames.

Source: Kay et al. 2017, The Kinetics human action video dataset.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveInt

from selfsup.datasets.content.clip_keys import clips_lock
from selfsup.datasets.content.decoding import cover_square, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, numbered
from selfsup.datasets.content.locked import check_locked, checked_count
from selfsup.datasets.content.videos import Video, videos_below
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

PROVIDES = ("clip",)
FOLDERS = {"train": "train", "test": "val"}


@dataclass(frozen=True)
class Excerpt:
    """The hash of all frames of a video, whether all are grey, and its clip uint8 (T, 3, H, W), or (0,) without one."""

    hash: str
    grey: bool
    clip: np.ndarray


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the videos below ``root/train`` and ``root/val``; names of class folders are ignored."""
    return _lock({split: _excerpts(root, split) for split in FOLDERS})


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt = 64,
    frames: PositiveInt = 8,
    frame_step: PositiveInt = 4,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5`` with ``clip``: ``frames`` squares of each video, every ``frame_step`` frames from
    its start, in the order of the videos' hashes; ``train_examples`` and ``test_examples`` keep the first ones only.

    Raises InputError where a video is damaged or too short, or where the videos are too few or not those of the lock.

    Args:
        size_px: side of the images in pixels.
        frames: frames of a clip.
        frame_step: distance between frames of a clip, in frames of the video.
        train_examples: training examples; by default all.
        test_examples: test examples; by default all.
    """
    splits = {split: _excerpts(root, split, size_px, frames, frame_step) for split in FOLDERS}
    check_locked(root, _lock(splits), lock)
    for split, count in (("train", train_examples), ("test", test_examples)):
        excerpts = splits[split][: checked_count(split, count, len(splits[split]), root)]
        keys = np.array(numbered(excerpt.hash for excerpt in excerpts), KEY_TYPE)
        arrays = {"clip": np.stack([excerpt.clip for excerpt in excerpts]), "key": keys}
        write_split(folder / f"{split}.h5", arrays, dataset="kinetics", classes=[], size_px=size_px)


def _excerpts(root: Path, split: str, size_px: int = 0, frames: int = 0, frame_step: int = 1) -> list[Excerpt]:
    """Return the videos of a split in the order of their hashes, with clips where ``frames`` is not 0."""
    excerpts = [_excerpt(video, size_px, frames, frame_step) for video in videos_below(root / FOLDERS[split])]
    return sorted(excerpts, key=lambda excerpt: excerpt.hash)


def _excerpt(video: Video, size_px: int, frames: int, frame_step: int) -> Excerpt:
    content, grey = hashlib.sha256(), True
    clip: list[np.ndarray] = []
    for number, frame in enumerate(video.frames()):
        content.update(f"{frame.size}\n".encode() + frame.tobytes())
        grey = grey and is_grey(frame)
        if len(clip) < frames and number % frame_step == 0:
            clip.append(cover_square(frame, size_px, str(video.path)))
    if len(clip) < frames:
        raise InputError(
            f"{video.path} has fewer than {(frames - 1) * frame_step + 1} frames, which {frames} every {frame_step} need; "
            "remove it, or lower frames or frame_step"
        )
    return Excerpt(content.hexdigest(), grey, np.stack(clip) if clip else np.empty(0, np.uint8))


def _lock(splits: dict[str, list[Excerpt]]) -> dict[str, Any]:
    grey = all(excerpt.grey for excerpts in splits.values() for excerpt in excerpts)
    return clips_lock({split: [excerpt.hash for excerpt in excerpts] for split, excerpts in splits.items()}, grey)
