"""Reads the clips of a prepared data set in batches, as whole videos may not fit in memory at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.prepared import has
from selfsup.errors import NotApplicable

ARRAYS = ("clip", "mask", "keypoint")


@dataclass(frozen=True)
class ClipBatch:
    """Clips uint8 (N, T, 3, H, W) of ``length`` (N,) frames and ``width_px`` (N,) columns each, padded to T and W, with their
    ground truth.

    ``mask`` uint8 (N, T, H, W) of object numbers, all 0 where the data set has none; ``keypoint`` (N, T, P, 2) x y pixels,
    NaN where not visible, P = 0 where it has none.
    """

    clip: Tensor
    length: Tensor
    width_px: Tensor
    mask: Tensor
    keypoint: Tensor

    def to(self, device: str) -> "ClipBatch":
        return ClipBatch(*(x.to(device) for x in (self.clip, self.length, self.width_px, self.mask, self.keypoint)))


def labelled_clips(file: Path, max_pixels: int) -> Iterator[ClipBatch]:
    """Return batches of the clips of a prepared split, with at most ``max_pixels`` pixels in one frame of all of them;
    NotApplicable where there are no clips, or neither masks nor keypoints."""
    if not has(file, "clip"):
        raise NotApplicable("the data set has no clips")
    if not has(file, "mask") and not has(file, "keypoint"):
        raise NotApplicable("the clips have neither masks nor keypoints to propagate")
    return _batches(file, max_pixels)


def first_clips(file: Path, count: int) -> Tensor:
    """Return the first clips uint8 (N, T, 3, H, W) of a prepared split."""
    with h5py.File(file, "r") as source:
        return torch.from_numpy(source["clip"][:count])


def _batches(file: Path, max_pixels: int) -> Iterator[ClipBatch]:
    """Yield batches of clips of similar length, so that little of a batch is padding."""
    with h5py.File(file, "r") as source:
        count, frames, _, height, width = source["clip"].shape
        length, width_px = (
            source[name][()] if name in source else np.full(count, most)
            for name, most in (("length", frames), ("width_px", width))
        )
        order = np.argsort(length, kind="stable")
        batch_size = max(1, max_pixels // (height * width))
        for start in range(0, count, batch_size):
            rows = np.sort(order[start : start + batch_size])
            longest = int(length[rows].max())
            arrays = {name: torch.from_numpy(source[name][rows, :longest]) for name in ARRAYS if name in source}
            mask = arrays.get("mask", torch.zeros(len(rows), longest, height, width, dtype=torch.uint8))
            keypoint = arrays.get("keypoint", torch.zeros(len(rows), longest, 0, 2))
            sizes = torch.from_numpy(length[rows]), torch.from_numpy(width_px[rows])
            yield ClipBatch(arrays["clip"], *sizes, mask, keypoint)
