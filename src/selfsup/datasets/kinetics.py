"""Kinetics, or any unlabelled videos: short clips for training, from video files or folders of extracted frames.

Source: Kay et al. 2017, The Kinetics human action video dataset.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveInt

from selfsup.datasets.content.decoding import cover_square, is_grey
from selfsup.datasets.content.keys import key_array
from selfsup.datasets.content.videos import Clip, Video, clips_lock, videos_below
from selfsup.datasets.lock import check_lock, checked_count
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

PROVIDES = ("clip",)
FOLDERS = {"train": "train", "test": "val"}


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the videos below ``root/train`` and ``root/val``; names of class folders are ignored."""
    return clips_lock({split: _clips(root, split) for split in FOLDERS})


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
    """Write ``train.h5`` and ``test.h5`` with ``clip``: the first frames of each video, in the order of the videos' hashes.

    Raises InputError where a video is damaged or too short, or where the videos are too few or not those of the lock.

    Args:
        size_px: side of the images in pixels.
        frames: frames of a clip.
        frame_step: distance between frames of a clip, in frames of the video.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    splits = {split: _clips(root, split, size_px, frames, frame_step) for split in FOLDERS}
    check_lock(root, clips_lock(splits), lock)
    for split, count in (("train", train_examples), ("test", test_examples)):
        clips = splits[split][: checked_count(split, count, len(splits[split]), root)]
        arrays = {
            "clip": np.stack([clip.arrays["clip"] for clip in clips]),
            "key": key_array(clip.hash for clip in clips),
        }
        write_split(folder / f"{split}.h5", arrays, dataset="kinetics", classes=[], size_px=size_px)


def _clips(root: Path, split: str, size_px: int = 0, frames: int = 0, frame_step: int = 1) -> list[Clip]:
    """Return the videos of a split in the order of their hashes, with ``clip`` where ``frames`` is not 0."""
    clips = [_clip(video, size_px, frames, frame_step) for video in videos_below(root / FOLDERS[split])]
    return sorted(clips, key=lambda clip: clip.hash)


def _clip(video: Video, size_px: int, frames: int, frame_step: int) -> Clip:
    content, grey = hashlib.sha256(), True
    squares: list[np.ndarray] = []
    for number, frame in enumerate(video.frames()):
        content.update(f"{frame.size}\n".encode() + frame.tobytes())
        grey = grey and is_grey(frame)
        if len(squares) < frames and number % frame_step == 0:
            squares.append(cover_square(frame, size_px, str(video.path)))
    if len(squares) < frames:
        raise InputError(
            f"{video.path} has fewer than {(frames - 1) * frame_step + 1} frames, which {frames} every {frame_step} need; "
            "remove it, or lower frames or frame_step"
        )
    return Clip(content.hexdigest(), grey, {"clip": np.stack(squares)} if squares else {})
