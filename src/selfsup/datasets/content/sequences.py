"""Sequences that a tracker is scored on: whole videos with a mask or keypoints for each frame, locked and verified."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import decode, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, digest, numbered
from selfsup.datasets.content.sources import UNLABELLED
from selfsup.datasets.content.videos import Video
from selfsup.errors import InputError

MULTIPLE_PX = 8  # of a prepared frame's sides, so that a place of stride 8 is whole


@dataclass(frozen=True)
class Sequence:
    """A video and the truth of each of its frames: files of ``masks``, none or one a frame; ``keypoint`` (T, P, 2) in
    pixels of the video."""

    video: Video
    masks: list[Path] = field(default_factory=list)
    keypoint: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 2), np.float32))


@dataclass(frozen=True)
class Scaled:
    """A sequence as it is prepared: its hash, whether it is grey, and its arrays, empty where only the hash is asked."""

    name: str
    grey: bool
    arrays: dict[str, np.ndarray]


def read_sequence(sequence: Sequence, height_px: int | None, most_frames: int | None) -> Scaled:
    """Return a sequence's hash, of its frames and masks, and with a height its first frames scaled to it.

    Raises InputError where a frame or a mask cannot be decoded, or a mask or a frame has another size than the first frame.
    """
    seen, grey, frames, masks = hashlib.sha256(sequence.keypoint.tobytes()), True, [], []
    size = (0, 0)
    for number, frame in enumerate(sequence.video.frames()):
        size = frame.size if number == 0 else size
        _same_size(sequence.video.files[min(number, len(sequence.video.files) - 1)], frame, size)
        seen.update(f"{size}\n".encode() + frame.tobytes())
        grey = grey and is_grey(frame)
        mask = decode(sequence.masks[number]) if sequence.masks else None
        if mask is not None:
            _same_size(sequence.masks[number], mask, size)
            seen.update(mask.tobytes())
        if height_px is not None and (most_frames is None or number < most_frames):
            frames.append(_scaled(frame, height_px, Image.Resampling.BOX))
            masks += [] if mask is None else [_scaled(mask, height_px, Image.Resampling.NEAREST).any(-1)]
    arrays = {"clip": np.stack(frames).transpose(0, 3, 1, 2)} if frames else {}
    if masks:
        arrays["mask"] = np.stack(masks).astype(np.uint8)
    if frames and sequence.keypoint.size:
        scale = np.array([frames[0].shape[1] / size[0], frames[0].shape[0] / size[1]], np.float32)
        arrays["keypoint"] = sequence.keypoint[: len(frames)] * scale
    return Scaled(seen.hexdigest(), grey, arrays)


def scored_lock(sequences: Iterable[Sequence]) -> dict[str, Any]:
    """Return the lock of scored sequences: one split, ``test``; see lock.py for its shape."""
    return _lock([read_sequence(sequence, None, None) for sequence in sequences])


def scored_arrays(
    sequences: Iterable[Sequence],
    lock: dict[str, Any],
    *,
    root: Path,
    height_px: int,
    examples: int | None,
    frames: int | None,
) -> dict[str, np.ndarray]:
    """Return the arrays of the scored split, in the order of the sequences' hashes, the first ``examples`` of them.

    ``clip``, ``mask`` or ``keypoint``, ``length`` and ``key``; shorter sequences end in black frames, narrower ones in black
    columns. Raises InputError where the sequences are not those that were locked, or too few.
    """
    if height_px % MULTIPLE_PX:
        raise InputError(f"height_px is {height_px}: set it to a multiple of {MULTIPLE_PX}.")
    read = [read_sequence(sequence, height_px, frames) for sequence in sequences]
    if _lock(read) != lock:
        raise InputError(
            f"the {len(read)} sequences of {root} are not the {lock['splits']['test']['examples']} in "
            f"params/data/{root.name}.lock: restore the files, or adopt them anew with `selfsup adopt {root.name}`."
        )
    if examples is not None and examples > len(read):
        raise InputError(f"test_examples asks for {examples} sequences of {root}, which has {len(read)}: lower it.")
    chosen = sorted(read, key=lambda one: one.name)[:examples]
    names = chosen[0].arrays
    arrays = {
        name: _padded([one.arrays[name] for one in chosen], np.nan if name == "keypoint" else 0) for name in names
    }
    length = np.array([len(one.arrays["clip"]) for one in chosen])
    return arrays | {"length": length, "key": np.array(numbered(one.name for one in chosen), KEY_TYPE)}


def _lock(read: list[Scaled]) -> dict[str, Any]:
    keys = numbered(sorted(one.name for one in read))
    split = {"examples": len(keys), "digest": digest(keys, [UNLABELLED] * len(keys))}
    grey = all(one.grey for one in read)
    return {"splits": {"test": split}, "classes": [], "labelled": False, "grey": grey, "size_px": None}


def _same_size(file: Path, image: Image.Image, size: tuple[int, int]) -> None:
    if image.size != size:
        there, wanted = ("x".join(map(str, pair)) for pair in (image.size, size))
        raise InputError(f"{file} has {there} pixels, and its video {wanted}: give it the size of the frames.")


def _scaled(image: Image.Image, height_px: int, law: Image.Resampling) -> np.ndarray:
    """Return an image (H, W, 3) of a height, its width rounded to a multiple of MULTIPLE_PX."""
    width_px = max(1, round(height_px * image.width / image.height / MULTIPLE_PX)) * MULTIPLE_PX
    return np.asarray(image.resize((width_px, height_px), law))


def _padded(arrays: list[np.ndarray], filling: float) -> np.ndarray:
    """Return arrays of one number of axes as rows of one array, ``filling`` where one is smaller than another."""
    shape = np.max([array.shape for array in arrays], axis=0)
    found = np.full((len(arrays), *shape), filling, arrays[0].dtype)
    for row, array in zip(found, arrays, strict=True):
        row[tuple(slice(0, side) for side in array.shape)] = array
    return found
