"""Exact rotations by multiples of 90 degrees, and the rotated copies of rotation prediction."""

import torch
from torch import Tensor


def all_rotations_90(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return square images (4N, C, H, H) and labels (4N,): image i rotated by 0, 90, 180, 270 degrees is rows 4i..4i+3.

    Source: Gidaris et al. 2018 (RotNet), section 3.1: a batch holds all four copies of its images.
    """
    rotated = torch.stack([torch.rot90(images, quarters, (2, 3)) for quarters in range(4)], 1).flatten(0, 1)
    labels = torch.arange(4, device=images.device).repeat(len(images))
    return rotated, labels


def all_rotations_180(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (2N, C, H, W) and labels (2N,): image i rotated by 0 and 180 degrees is rows 2i and 2i + 1.

    Source: Gidaris et al. 2018 (RotNet), table 2.
    """
    rotated = torch.stack([images, torch.rot90(images, 2, (2, 3))], 1).flatten(0, 1)
    return rotated, torch.arange(2, device=images.device).repeat(len(images))
