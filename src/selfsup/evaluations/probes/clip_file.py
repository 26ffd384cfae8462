"""Reads the clips of a prepared data set, some at a time: whole videos need not fit in memory at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import torch
from torch import Tensor

from selfsup.errors import NotApplicable

TRUTH = ("length", "mask", "keypoint")


@dataclass(frozen=True)
class ClipBatch:
    """Clips uint8 (N, T, 3, H, W) of ``length`` (N,) frames each, the rest empty, and what is true of them.

    ``mask`` uint8 (N, T, H, W) of object numbers, all 0 where the data set has none; ``keypoint`` (N, T, P, 2) x y pixels,
    NaN where not seen, P = 0 where it has none.
    """

    clip: Tensor
    length: Tensor
    mask: Tensor
    keypoint: Tensor

    def to(self, device: str) -> "ClipBatch":
        """Return the batch on a device."""
        return ClipBatch(*(x.to(device) for x in (self.clip, self.length, self.mask, self.keypoint)))


def labelled_clips(file: Path, most_pixels: int) -> Iterator[ClipBatch]:
    """Return the clips of a prepared split, so many at a time that one frame of all has ``most_pixels`` pixels at most.

    Raises NotApplicable where there are no clips, or neither masks nor keypoints.
    """
    with h5py.File(file, "r") as source:
        if "clip" not in source:
            raise NotApplicable("the data set has no clips")
        if "mask" not in source and "keypoint" not in source:
            raise NotApplicable("the clips have neither masks nor keypoints to propagate")
    return _batches(file, most_pixels)


def first_clips(file: Path, count: int) -> Tensor:
    """Return the first clips uint8 (N, T, 3, H, W) of a prepared split."""
    with h5py.File(file, "r") as source:
        return torch.from_numpy(source["clip"][:count])


def _batches(file: Path, most_pixels: int) -> Iterator[ClipBatch]:
    with h5py.File(file, "r") as source:
        count, frames, _, height, width = source["clip"].shape
        rows = max(1, most_pixels // (height * width))
        for start in range(0, count, rows):
            part = slice(start, start + rows)
            clip = torch.from_numpy(source["clip"][part])
            read = {name: torch.from_numpy(source[name][part]) for name in TRUTH if name in source}
            length = read.get("length", torch.full((len(clip),), frames))
            mask = read.get("mask", torch.zeros(len(clip), frames, height, width, dtype=torch.uint8))
            keypoint = read.get("keypoint", torch.zeros(len(clip), frames, 0, 2))
            longest = int(length.max())
            yield ClipBatch(clip[:, :longest], length, mask[:, :longest], keypoint[:, :longest])
