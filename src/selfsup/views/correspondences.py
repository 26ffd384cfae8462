"""Pixels that match and pixels that do not, chosen among known correspondences of two images by random numbers drawn before."""

import torch
from torch import Tensor

Drawn = dict[str, Tensor]


def draw(examples: int, generator: torch.Generator, *, matches: int, non_matches: int) -> Drawn:
    """Return uniform numbers in [0, 1): ``match`` (N, M), and ``object``, ``background``, ``across`` (N, M, K).

    They choose among as many pixels as an image turns out to have: M matches, and for each K non-matches of every sort,
    whether or not a method asks for it, so that methods which differ in that share all other draws.
    """
    shape = (examples, matches, non_matches)
    return {
        "match": torch.rand(examples, matches, generator=generator, dtype=torch.float64),
        **{
            name: torch.rand(shape, generator=generator, dtype=torch.float64)
            for name in ("object", "background", "across")
        },
    }


def choose(among: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Return pixels (N, ...) int64, row by row counted in all N images, each of ``among`` (N, H, W) bool, and whether
    there was one to choose, broadcastable to them; every pixel of an image is as likely, by ``uniform`` (N, ...) in [0, 1).
    """
    rank = among.flatten(1).cumsum(1)
    total = rank[:, -1].view(-1, *[1] * (uniform.ndim - 1))
    wanted = (uniform * total).long().clamp(max=total - 1) + 1
    pixel = torch.searchsorted(rank, wanted.flatten(1)).view_as(uniform).clamp(max=rank.shape[1] - 1)
    return pixel + _offset(among, uniform.ndim), total > 0


def matched_pixels(match: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each pixel of the first images which of the second it matches (N, H, W) int64, counted in all N images,
    and whether it matches any; of ``match`` (N, H, W, 2), x y in pixels, NaN where there is none."""
    height, width = match.shape[1:3]
    known = ~match.isnan().any(-1)
    column, row = match.nan_to_num().long().unbind(-1)
    return row.clamp(0, height - 1) * width + column.clamp(0, width - 1) + _offset(known, 3), known


def distance_px(pixel: Tensor, other: Tensor, width: int) -> Tensor:
    """Return how far pixels of the same images lie from each other, both as ``choose`` counts them, broadcast."""
    rows = torch.div(pixel, width, rounding_mode="floor") - torch.div(other, width, rounding_mode="floor")
    return torch.hypot(rows.float(), (pixel % width - other % width).float())


def _offset(images: Tensor, axes: int) -> Tensor:
    """Return the number of each image's first pixel, with one axis of N and ``axes`` - 1 of 1."""
    numbers = torch.arange(len(images), device=images.device) * images.shape[1] * images.shape[2]
    return numbers.view(-1, *[1] * (axes - 1))
