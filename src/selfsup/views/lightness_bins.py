"""Quantised lightness: bins of equal width over L, and the bin of each pixel."""

import torch
from torch import Tensor

LIGHTNESS_RANGE = 100.0


def lightness_bins(count: int) -> Tensor:
    """Return the centres (Q, 1), ascending, of ``count`` bins of equal width over L in [0, 100].

    Source: Zhang et al. 2017 (Split-brain autoencoders), section 4.1: 50 bins of size 2.
    """
    return (torch.arange(count)[:, None] + 0.5) * (LIGHTNESS_RANGE / count)


def nearest_lightness(lightness: Tensor, centres: Tensor) -> Tensor:
    """Return the row (N, H, W) int64 of the nearest of the ascending ``centres`` (Q, 1) of lightness (N, 1, H, W).

    Both are in the same unit. Halfway between two centres it is the lower.
    """
    borders = (centres[1:, 0] + centres[:-1, 0]) / 2
    return torch.bucketize(lightness[:, 0].contiguous(), borders.to(lightness.dtype))
