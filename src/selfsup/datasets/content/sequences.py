"""Sequences for scoring a tracker: whole videos with a mask or keypoints for each frame, locked and verified."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import is_grey
from selfsup.datasets.content.keys import key_array
from selfsup.datasets.content.masks import object_mask
from selfsup.datasets.content.videos import Clip, Video, clips_lock
from selfsup.datasets.lock import check_lock, checked_count
from selfsup.errors import InputError

MULTIPLE_PX = 8  # of the sides of a prepared frame, so that a map of stride 8 covers it exactly


@dataclass(frozen=True)
class Sequence:
    """A folder of frames and its ground truth: ``masks``, one file per frame or none; ``keypoint`` (T, P, 2) in pixels."""

    video: Video
    masks: list[Path] = field(default_factory=list)
    keypoint: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 2), np.float32))


def sequences_lock(sequences: Iterable[Sequence]) -> dict[str, Any]:
    """Return the lock of sequences: one split, ``test``; see lock.py for its keys."""
    return clips_lock({"test": [read_sequence(sequence, None, None) for sequence in sequences]})


def read_sequences(
    sequences: Iterable[Sequence],
    root: Path,
    lock: dict[str, Any],
    *,
    height_px: int,
    examples: int | None,
    frames: int | None,
) -> dict[str, np.ndarray]:
    """Return the arrays of the first ``examples`` sequences in the order of their hashes, their first ``frames`` frames.

    They are ``clip``, ``mask`` or ``keypoint``, ``length``, ``width_px`` and ``key``; shorter sequences are padded with
    black frames to the longest ``length``, narrower ones with black columns to the largest ``width_px``. Raises InputError
    where a frame or a mask cannot be decoded or does not have the size of the first frame, and where the sequences are too
    few or not those of the lock.
    """
    if height_px % MULTIPLE_PX:
        raise InputError(f"height_px is {height_px}; set it to a multiple of {MULTIPLE_PX}")
    clips = [read_sequence(sequence, height_px, frames) for sequence in sequences]
    check_lock(root, clips_lock({"test": clips}), lock)
    first = sorted(clips, key=lambda clip: clip.hash)[: checked_count("test", examples, len(clips), root)]
    arrays = {
        name: _padded([clip.arrays[name] for clip in first], np.nan if name == "keypoint" else 0)
        for name in first[0].arrays
    }
    length, _, _, width_px = np.array([clip.arrays["clip"].shape for clip in first]).T
    return arrays | {"length": length, "width_px": width_px, "key": key_array(clip.hash for clip in first)}


def read_sequence(sequence: Sequence, height_px: int | None, most_frames: int | None) -> Clip:
    """Return the hash of a sequence's frames and ground truth, and with a height its first frames scaled to it."""
    content, grey, frames, masks = hashlib.sha256(sequence.keypoint.tobytes()), True, [], []
    size = (0, 0)
    for number, frame in enumerate(sequence.video.frames()):
        size = frame.size if number == 0 else size
        _check_size(sequence.video.file(number), frame.size, size)
        content.update(f"{size}\n".encode() + frame.tobytes())
        grey = grey and is_grey(frame)
        mask = _mask(sequence.masks[number], size, first=number == 0) if sequence.masks else None
        content.update(b"" if mask is None else mask.tobytes())
        if height_px is not None and (most_frames is None or number < most_frames):
            frames.append(_scaled(frame, height_px, Image.Resampling.BOX))
            masks += [] if mask is None else [_scaled(Image.fromarray(mask), height_px, Image.Resampling.NEAREST)]
    arrays = {"clip": np.stack(frames).transpose(0, 3, 1, 2)} if frames else {}
    if masks:
        arrays["mask"] = np.stack(masks).astype(np.uint8)
    if frames and sequence.keypoint.size:
        scale = np.array([frames[0].shape[1] / size[0], frames[0].shape[0] / size[1]], np.float32)
        arrays["keypoint"] = sequence.keypoint[: len(frames)] * scale
    return Clip(content.hexdigest(), grey, arrays)


def _mask(file: Path, size: tuple[int, int], *, first: bool) -> np.ndarray:
    """Return the mask bool (H, W) of a frame of ``size`` W, H; that of the first frame, which is followed, shows an object."""
    mask = object_mask(file)
    _check_size(file, mask.shape[::-1], size)
    if first and (mask.all() or not mask.any()):
        what = "is all object" if mask.any() else "has no object"
        raise InputError(f"{file}, the mask of a first frame, {what}; correct it, or remove the sequence")
    return mask


def _check_size(file: Path, actual: tuple[int, ...], expected: tuple[int, int]) -> None:
    if actual != expected:
        has, needs = ("x".join(map(str, pair)) for pair in (actual, expected))
        raise InputError(f"{file} has {has} pixels, but its video has {needs}; scale it to the size of the video")


def _scaled(image: Image.Image, height_px: int, resampling: Image.Resampling) -> np.ndarray:
    """Return an image (H, W, ...) of this height, its width rounded to a multiple of MULTIPLE_PX."""
    width_px = max(1, round(height_px * image.width / image.height / MULTIPLE_PX)) * MULTIPLE_PX
    return np.asarray(image.resize((width_px, height_px), resampling))


def _padded(arrays: list[np.ndarray], filling: float) -> np.ndarray:
    """Return arrays with the same number of axes as rows of one array, the smaller ones padded with ``filling``."""
    shape = np.max([array.shape for array in arrays], axis=0)
    padded = np.full((len(arrays), *shape), filling, arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[tuple(slice(0, side) for side in array.shape)] = array
    return padded
