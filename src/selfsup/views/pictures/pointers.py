"""Pointers drawn as pictures: a marked place of one frame, and over another frame where it points."""

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.lab import rgb_to_lab

MARK, HEAT = (0.1, 0.9, 1.0), (1.0, 0.55, 0.0)
DIMMED = 0.6

Grid = tuple[int, int] | torch.Size


def most_colourful_place(images: Tensor, grid: Grid) -> Tensor:
    """Return the place (N,), in rows, of a grid over images (N, 3, H, W) whose ab is farthest from the image's mean."""
    ab = rgb_to_lab(F.interpolate(images, size=grid, mode="area"))[:, 1:]
    return (ab - ab.mean((2, 3), keepdim=True)).norm(dim=1).flatten(1).argmax(1)


def marked(images: Tensor, place: Tensor, grid: Grid) -> Tensor:
    """Return images (N, 3, H, W) with a frame around the ``place`` (N,) of a grid."""
    chosen = F.one_hot(place, grid[0] * grid[1]).view(-1, 1, *grid).float()
    inside = F.interpolate(chosen, size=images.shape[2:])
    around = F.max_pool2d(inside, 5, stride=1, padding=2) - inside
    return torch.lerp(images, _colour(MARK, images), around)


def heat_over(images: Tensor, heat: Tensor) -> Tensor:
    """Return images (N, 3, H, W), darkened, under a map (N, H', W') >= 0, which is as bright as it is high."""
    height = heat / heat.amax((1, 2), keepdim=True).clamp(min=1e-12)
    shown = F.interpolate(height[:, None], size=images.shape[2:], mode="bilinear", align_corners=False)
    return torch.lerp(DIMMED * images, _colour(HEAT, images), shown)


def _colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(rgb, dtype=like.dtype, device=like.device)[:, None, None].expand_as(like)
