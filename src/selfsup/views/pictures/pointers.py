"""Pointers as pictures: a marked position of one frame, and a heat map of its targets over another frame."""

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.lab import rgb_to_lab

MARK, HEAT = (0.1, 0.9, 1.0), (1.0, 0.55, 0.0)
DIMMED = 0.6

Grid = tuple[int, int] | torch.Size


def most_colourful_position(images: Tensor, grid: Grid) -> Tensor:
    """Return the cell (N,), row by row, of a grid over images (N, 3, H, W) whose ab is farthest from the image's mean."""
    ab = rgb_to_lab(F.interpolate(images, size=grid, mode="area"))[:, 1:]
    return (ab - ab.mean((2, 3), keepdim=True)).norm(dim=1).flatten(1).argmax(1)


def marked(images: Tensor, position: Tensor, grid: Grid) -> Tensor:
    """Return images (N, 3, H, W) with a frame around the cell ``position`` (N,) of a grid."""
    cell = F.one_hot(position, grid[0] * grid[1]).view(-1, 1, *grid).float()
    inside = F.interpolate(cell, size=images.shape[2:])
    around = F.max_pool2d(inside, 5, stride=1, padding=2) - inside
    return torch.lerp(images, _colour(MARK, images), around)


def heat_over(images: Tensor, heat: Tensor) -> Tensor:
    """Return images (N, 3, H, W), darkened, under a heat map (N, H', W') >= 0."""
    height = heat / heat.amax((1, 2), keepdim=True).clamp(min=1e-12)
    opacity = F.interpolate(height[:, None], size=images.shape[2:], mode="bilinear", align_corners=False)
    return torch.lerp(DIMMED * images, _colour(HEAT, images), opacity)


def _colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(rgb, dtype=like.dtype, device=like.device)[:, None, None].expand_as(like)
