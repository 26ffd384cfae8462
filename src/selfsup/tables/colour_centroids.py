"""The table of video colorization: the colours to which training frames are quantised, by k-means on ab."""

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.views.ab_bins import nearest_bin
from selfsup.views.lab import rgb_to_lab


def make(
    *,
    clips: Tensor,
    centroids: PositiveInt,
    sampled_colours: PositiveInt,
    iterations: PositiveInt,
    seed: NonNegativeInt,
) -> dict[str, Tensor]:
    """Return ``centroids`` (K, 2) of the ab of ``sampled_colours`` pixels of the training clips uint8 (N, T, 3, H, W).

    Scalar for the report: ``mean_ab_error``, the mean distance of a sampled colour to its centroid. K-means starts from
    k-means++ and stops after ``iterations`` at the latest. Raises InputError where there are fewer different colours than
    centroids.

    Args:
        centroids: clusters of colours.
        sampled_colours: colours that are clustered.
        iterations: iterations of k-means.
        seed: seed of the sample and the first centroids.

    Source: Vondrick et al. 2018, section 3.2; Arthur and Vassilvitskii 2007 (k-means++), section 2.2.
    """
    draws = generator(seed, "colour_centroids")
    colours = sampled(clips, sampled_colours, draws)
    if len(torch.unique(colours.round(), dim=0)) < centroids:  # equal pixels may differ in ab's last bit
        raise InputError(
            f"table.centroids is {centroids}, but the training clips have fewer different colours; set fewer, or use "
            "clips in colour"
        )
    centres = spread(colours, centroids, draws)
    for _ in range(iterations):
        moved = means(colours, nearest(colours, centres), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    error = (colours - centres[nearest(colours, centres)]).norm(dim=1).mean()
    return {"centroids": centres, "mean_ab_error": error}


def sampled(clips: Tensor, count: int, draws: torch.Generator) -> Tensor:
    """Return the ab (count, 2) of pixels drawn from clips uint8 (N, T, 3, H, W), with replacement."""
    pixels = clips.movedim(2, -1)
    index = [torch.randint(size, (count,), generator=draws) for size in pixels.shape[:-1]]
    colours = pixels[tuple(index)].float() / 255
    return rgb_to_lab(colours[:, :, None, None])[:, 1:, 0, 0]


def spread(colours: Tensor, count: int, draws: torch.Generator) -> Tensor:
    """Return ``count`` of the colours (M, 2), each drawn by its squared distance to the nearest one before it."""
    centres = [colours[int(torch.randint(len(colours), (), generator=draws))]]
    squared = torch.full((len(colours),), torch.inf)
    while len(centres) < count:
        squared = torch.minimum(squared, (colours - centres[-1]).square().sum(1))
        centres.append(colours[int(torch.multinomial(squared, 1, generator=draws))])
    return torch.stack(centres)


def nearest(colours: Tensor, centres: Tensor) -> Tensor:
    """Return the row (M,) of the nearest of the centres (K, 2) to each of the colours (M, 2)."""
    return nearest_bin(colours[:, :, None, None], centres)[:, 0, 0]


def means(colours: Tensor, index: Tensor, centres: Tensor) -> Tensor:
    """Return the mean (K, 2) of the colours of each centre; a centre without colours stays where it is."""
    sums = torch.zeros_like(centres).index_add_(0, index, colours)
    counts = torch.bincount(index, minlength=len(centres))[:, None]
    return torch.where(counts > 0, sums / counts.clamp(min=1), centres)
