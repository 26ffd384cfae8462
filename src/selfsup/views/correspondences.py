"""Sampling of matching and non-matching pixels from known correspondences of two images."""

import torch
from torch import Tensor


def draw(examples: int, generator: torch.Generator, *, matches: int, non_matches: int) -> dict[str, Tensor]:
    """Return uniform numbers in [0, 1): ``match`` (N, M), and ``object``, ``background``, ``across`` (N, M, K).

    They select M matches, and for each K non-matches of every kind. All kinds are always drawn, so that variants that do
    not use one have equal random numbers.
    """
    shape = (examples, matches, non_matches)
    shapes = {"match": shape[:2], "object": shape, "background": shape, "across": shape}
    return {name: torch.rand(size, generator=generator, dtype=torch.float64) for name, size in shapes.items()}


def choose(candidates: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Return one pixel of ``candidates`` (N, H, W) bool for each of ``uniform`` (N, ...) in [0, 1), all equally likely.

    Pixels (N, ...) int64 are indices into all N images, row by row; the second tensor, broadcastable to them, is whether
    the image has a candidate.
    """
    rank = candidates.flatten(1).cumsum(1)
    total = rank[:, -1].view(-1, *[1] * (uniform.ndim - 1))
    target = (uniform * total).long().clamp(max=total - 1) + 1
    pixel = torch.searchsorted(rank, target.flatten(1)).view_as(uniform).clamp(max=rank.shape[1] - 1)
    return pixel + _offset(candidates, uniform.ndim), total > 0


def matched_pixels(match: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixel of the second images that each pixel of the first matches (N, H, W) int64, an index into all N
    images, and whether it matches any; ``match`` (N, H, W, 2) is x y in pixels, NaN where there is none."""
    height, width = match.shape[1:3]
    known = ~match.isnan().any(-1)
    column, row = match.nan_to_num().long().unbind(-1)
    return row.clamp(0, height - 1) * width + column.clamp(0, width - 1) + _offset(known, 3), known


def distance_px(pixel: Tensor, other: Tensor, width: int) -> Tensor:
    """Return the distance of two pixels of the same image, both indices as of ``choose``, broadcast."""
    rows = torch.div(pixel, width, rounding_mode="floor") - torch.div(other, width, rounding_mode="floor")
    return torch.hypot(rows.float(), (pixel % width - other % width).float())


def _offset(images: Tensor, axes: int) -> Tensor:
    """Return the index of each image's first pixel, with one axis of N and ``axes`` - 1 of 1."""
    numbers = torch.arange(len(images), device=images.device) * images.shape[1] * images.shape[2]
    return numbers.view(-1, *[1] * (axes - 1))
