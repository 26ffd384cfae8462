"""The colour histogram: what can be told from an image's colours without seeing any shape."""

import torch
from torch import Tensor

LEVELS = 4


def colour_histogram(images: Tensor) -> Tensor:
    """Return (N, 64) float32: the share of pixels in each of 4 x 4 x 4 cells of RGB, of the
    first three channels of images uint8 (N, C, H, W)."""
    red, green, blue = (images.long() * LEVELS // 256)[:, :3].unbind(1)
    cell = ((red * LEVELS + green) * LEVELS + blue).flatten(1)
    counts = torch.zeros(len(images), LEVELS**3, device=images.device)
    counts.scatter_add_(1, cell, torch.ones_like(cell, dtype=counts.dtype))
    return counts / cell.shape[1]
