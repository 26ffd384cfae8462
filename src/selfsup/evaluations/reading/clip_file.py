"""Reads the clips of a prepared data set, some at a time: whole videos need not fit in memory at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor

from selfsup.errors import NotApplicable

ARRAYS = ("clip", "mask", "keypoint")


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
    """Yield the clips, those of one length together, so that little of a batch is padding."""
    with h5py.File(file, "r") as source:
        count, frames, _, height, width = source["clip"].shape
        length = source["length"][()] if "length" in source else np.full(count, frames)
        order = np.argsort(length, kind="stable")
        rows = max(1, most_pixels // (height * width))
        for start in range(0, count, rows):
            part = np.sort(order[start : start + rows])
            longest = int(length[part].max())
            read = {name: torch.from_numpy(source[name][part, :longest]) for name in ARRAYS if name in source}
            n = len(part)
            yield ClipBatch(
                read["clip"],
                torch.from_numpy(length[part]),
                read.get("mask", torch.zeros(n, longest, height, width, dtype=torch.uint8)),
                read.get("keypoint", torch.zeros(n, longest, 0, 2)),
            )
