"""Histograms of oriented gradients, as an encoder without parameters."""

from itertools import product

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

ORIENTATIONS = 9  # of half a circle: a gradient and its opposite are one
BLOCK_CELLS = 2  # along each side
MAX_SHARE = 0.2  # of a cell and orientation in the norm of its block
EPSILON = 1e-5
CHANNELS = BLOCK_CELLS**2 * ORIENTATIONS


def build(*, in_channels: PositiveInt = 3, cells: PositiveInt = 4) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return the one stage ``hog``: the histograms of overlapping blocks of 2 x 2 cells, (N, 36, cells - 1, cells - 1).

    Args:
        cells: cells along the shorter side of an image.

    Source: Dalal and Triggs 2005.
    """
    return {"hog": _HOG(cells)}, {"hog": CHANNELS}


def block_histograms(images: Tensor, cell_px: int) -> Tensor:
    """Return a map (N, 36, H', W') of images (N, C, H, W) with levels from 0 to 255: H' is one less than the cells of
    ``cell_px`` x ``cell_px`` pixels that fit into H. Channels are those of the block's cells, row by row.

    The numbers are those of scikit-image: each pixel votes with its steepest channel's gradient for one orientation, blocks
    are normalised, clipped and normalised again (L2-Hys).
    """
    levels = images.float()
    down, across = torch.zeros_like(levels), torch.zeros_like(levels)
    down[:, :, 1:-1] = levels[:, :, 2:] - levels[:, :, :-2]
    across[..., 1:-1] = levels[..., 2:] - levels[..., :-2]
    magnitude, channel = torch.hypot(down, across).max(1, keepdim=True)
    angle_deg = torch.rad2deg(torch.atan2(down, across).gather(1, channel)) % 180
    orientation = (angle_deg * ORIENTATIONS / 180).long()
    votes = torch.cat([magnitude * (orientation == number) for number in range(ORIENTATIONS)], 1)
    cells = F.avg_pool2d(votes, cell_px)
    height, width = (count - BLOCK_CELLS + 1 for count in cells.shape[2:])
    offsets = product(range(BLOCK_CELLS), repeat=2)
    blocks = torch.cat([cells[:, :, top : top + height, left : left + width] for top, left in offsets], 1)
    return _normalised(_normalised(blocks).clamp(max=MAX_SHARE))


def _normalised(blocks: Tensor) -> Tensor:
    return blocks / (blocks.square().sum(1, keepdim=True) + EPSILON**2).sqrt()


class _HOG(nn.Module):
    def __init__(self, cells: int) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 36, H', W') of images (N, C, H, W) in [-1, 1]."""
        levels = ((x + 1) * 127.5).round()  # 8 bits again: a flat region has no gradient
        return block_histograms(levels, min(x.shape[2:]) // self.cells)
