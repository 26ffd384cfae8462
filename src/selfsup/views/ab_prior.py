"""The prior of ab bins over a set of images, and weights that rebalance rare colours."""

import torch
from torch import Tensor

from selfsup.views.lab import rgb_to_lab

CHUNK_IMAGES = 500


def ab_prior(images: Tensor, centres: Tensor, spacing: float) -> Tensor:
    """Return the share (Q,) float32 of the pixels of uint8 images (M, 3, H, W) that fall into each bin.

    ``centres`` (Q, 2) are all bins of the gamut at this ``spacing`` (views/ab_bins.py), so that rounding gives the
    nearest one.

    Source: Zhang et al. 2016 (Colorful image colorization), section 2.2.
    """
    cell = (centres / spacing).round().long()
    first, extent = cell.amin(0), cell.amax(0) - cell.amin(0) + 1
    counts = torch.zeros(int(extent.prod()), device=images.device, dtype=torch.int64)
    for chunk in images.split(CHUNK_IMAGES):
        a, b = (rgb_to_lab(chunk.float() / 255)[:, 1:] / spacing).round().long().flatten(2).unbind(1)
        index = (a - first[0]) * extent[1] + (b - first[1])
        counts += index.flatten().bincount(minlength=len(counts))
    occurrences = counts[(cell[:, 0] - first[0]) * extent[1] + cell[:, 1] - first[1]]
    return (occurrences.double() / occurrences.sum()).float()


def rebalancing_weights(prior: Tensor, centres: Tensor, *, sigma: float, uniform_fraction: float) -> Tensor:
    """Return the weight (Q,) of each bin: the inverse of its smoothed ``prior`` (Q,) mixed with a uniform one.

    The prior is smoothed by a Gaussian (``sigma`` in units of ab) over the ``centres`` (Q, 2); its mixture with
    ``uniform_fraction`` (lambda) of a uniform distribution is inverted, and the mean weight under the smoothed prior
    is 1.

    Source: Zhang et al. 2016, equation 4.
    """
    squared_distance = ((centres[:, None] - centres) ** 2).sum(2).double()
    smoothed = torch.exp(-squared_distance / (2 * sigma**2)) @ prior.double()
    smoothed = smoothed / smoothed.sum()
    weight = 1 / ((1 - uniform_fraction) * smoothed + uniform_fraction / len(prior))
    return (weight / (smoothed * weight).sum()).float()
