"""Anchors: boxes of fixed sizes and shapes at every position of a map."""

import torch
from torch import Tensor


def anchors(grid: tuple[int, int], size: tuple[int, int], scales: list[float], ratios: list[float]) -> Tensor:
    """Return (h w A, 4): around the middle of each cell of a ``grid`` h, w over an image of ``size`` H, W, row by row, a box of
    each scale, the root of its area as a share of the longer side, and each ratio of height to width.

    Source: Ren et al. 2015 (Faster R-CNN), section 3.1.1.
    """
    side = torch.tensor(scales)[:, None] * max(size)
    root = torch.tensor(ratios)[None].sqrt()
    half = torch.stack([side / root, side * root], -1).flatten(0, 1) / 2  # (A, 2), x y
    y, x = ((torch.arange(cells) + 0.5) * pixels / cells for cells, pixels in zip(grid, size, strict=True))
    centre = torch.cartesian_prod(y, x).flip(1)[:, None]  # (h w, 1, 2), x y
    return torch.cat([centre - half, centre + half], 2).flatten(0, 1)
