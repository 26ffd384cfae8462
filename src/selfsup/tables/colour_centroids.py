"""Video colorization's table: the colours to which frames are quantised, by k-means on ab."""

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.views.lab import rgb_to_lab
from selfsup.views.lab_bins import nearest_bin


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
    k-means++ and stops after at most ``iterations``. Raises InputError where there are fewer distinct colours than
    centroids.

    Args:
        centroids: clusters of colours.
        sampled_colours: colours that are clustered.
        iterations: iterations of k-means.
        seed: seed of the sample and the first centroids.

    Source: Vondrick et al. 2018, section 3.2; Arthur and Vassilvitskii 2007 (k-means++), section 2.2.
    """
    rng = generator(seed, "colour_centroids")
    colours = sample_colours(clips, sampled_colours, rng)
    if len(torch.unique(colours.round(), dim=0)) < centroids:  # equal pixels may differ in ab's last bit
        raise InputError(
            f"table.centroids is {centroids}, but the training clips have fewer distinct colours; set fewer, or use "
            "clips in colour"
        )
    centres = initial_centroids(colours, centroids, rng)
    for _ in range(iterations):
        moved = update_centroids(colours, nearest_centroid(colours, centres), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    error = (colours - centres[nearest_centroid(colours, centres)]).norm(dim=1).mean()
    return {"centroids": centres, "mean_ab_error": error}


def sample_colours(clips: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Return the ab (count, 2) of pixels drawn from clips uint8 (N, T, 3, H, W), with replacement."""
    pixels = clips.movedim(2, -1)
    index = [torch.randint(size, (count,), generator=rng) for size in pixels.shape[:-1]]
    colours = pixels[tuple(index)].float() / 255
    return rgb_to_lab(colours[:, :, None, None])[:, 1:, 0, 0]


def initial_centroids(colours: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Return ``count`` of the colours (M, 2), each drawn with its squared distance to the nearest earlier one as weight."""
    centres = [colours[int(torch.randint(len(colours), (), generator=rng))]]
    squared = torch.full((len(colours),), torch.inf)
    while len(centres) < count:
        squared = torch.minimum(squared, (colours - centres[-1]).square().sum(1))
        centres.append(colours[int(torch.multinomial(squared, 1, generator=rng))])
    return torch.stack(centres)


def nearest_centroid(colours: Tensor, centres: Tensor) -> Tensor:
    """Return the index (M,) of the centre (K, 2) nearest to each of the colours (M, 2)."""
    return nearest_bin(colours[:, :, None, None], centres)[:, 0, 0]


def update_centroids(colours: Tensor, index: Tensor, centres: Tensor) -> Tensor:
    """Return the mean (K, 2) of the colours of each centre; a centre without colours does not move."""
    sums = torch.zeros_like(centres).index_add_(0, index, colours)
    counts = torch.bincount(index, minlength=len(centres))[:, None]
    return torch.where(counts > 0, sums / counts.clamp(min=1), centres)
