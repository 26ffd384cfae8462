"""Kinetics, or any videos without labels: short clips to train on, from video files or folders of extracted frames.

Source: Kay et al. 2017, The Kinetics human action video dataset.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveInt

from selfsup.datasets.content.decoding import cover_square, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, digest, numbered
from selfsup.datasets.content.sources import UNLABELLED
from selfsup.datasets.content.videos import Video, videos_below
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

PROVIDES = ("clip",)
FOLDERS = {"train": "train", "test": "val"}


@dataclass(frozen=True)
class Excerpt:
    """A video's hash, of all its frames, whether it is grey, and its clip uint8 (T, 3, H, W), empty where not asked for."""

    name: str
    grey: bool
    clip: np.ndarray


def adopt(root: Path) -> dict[str, Any]:
    """Return the lock of the videos below ``root/train`` and ``root/val``; folders of classes are not looked at."""
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
    its start, in the order of the videos' hashes; the first so many examples, all where ``None``.

    Raises InputError where a video is damaged or too short, too few are there, or they are not those that were locked.

    Args:
        size_px: side of the images in pixels.
        frames: frames of a clip.
        frame_step: distance between frames of a clip, in frames of the video.
        train_examples: training examples; by default all.
        test_examples: test examples; by default all.
    """
    read = {split: _excerpts(root, split, size_px, frames, frame_step) for split in FOLDERS}
    if _lock(read) != lock:
        raise InputError(
            f"the videos below {root} are not those in params/data/{root.name}.lock: restore the files, or adopt them anew "
            f"with `selfsup adopt {root.name}`."
        )
    for split, count in (("train", train_examples), ("test", test_examples)):
        if count is not None and count > len(read[split]):
            raise InputError(
                f"{split}_examples asks for {count} videos of {root}, which has {len(read[split])}: lower it."
            )
        chosen = read[split][:count]
        keys = np.array(numbered(one.name for one in chosen), KEY_TYPE)
        arrays = {"clip": np.stack([one.clip for one in chosen]), "key": keys}
        write_split(folder / f"{split}.h5", arrays, dataset="kinetics", classes=[], size_px=size_px)


def _excerpts(root: Path, split: str, size_px: int = 0, frames: int = 0, frame_step: int = 1) -> list[Excerpt]:
    """Return the videos of a split in the order of their hashes; with clips where ``frames`` are asked for."""
    found = [_excerpt(video, size_px, frames, frame_step) for video in videos_below(root / FOLDERS[split])]
    return sorted(found, key=lambda one: one.name)


def _excerpt(video: Video, size_px: int, frames: int, frame_step: int) -> Excerpt:
    seen, grey = hashlib.sha256(), True
    clip: list[np.ndarray] = []
    for number, frame in enumerate(video.frames()):
        seen.update(f"{frame.size}\n".encode() + frame.tobytes())
        grey = grey and is_grey(frame)
        if len(clip) < frames and number % frame_step == 0:
            clip.append(cover_square(frame, size_px, str(video.path)))
    if len(clip) < frames:
        raise InputError(
            f"{video.path} has fewer than {(frames - 1) * frame_step + 1} frames, which {frames} every {frame_step} need: "
            "remove it, or lower frames or frame_step."
        )
    return Excerpt(seen.hexdigest(), grey, np.stack(clip) if clip else np.empty(0, np.uint8))


def _lock(read: dict[str, list[Excerpt]]) -> dict[str, Any]:
    splits = {}
    for split, videos in read.items():
        keys = numbered(one.name for one in videos)
        splits[split] = {"examples": len(keys), "digest": digest(keys, [UNLABELLED] * len(keys))}
    grey = all(one.grey for videos in read.values() for one in videos)
    return {"splits": splits, "classes": [], "labelled": False, "grey": grey, "size_px": None}
