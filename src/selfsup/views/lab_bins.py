"""Quantised Lab: bins of ab inside the sRGB gamut, their prior, colours as distributions over them, bins of lightness."""

import torch
from torch import Tensor

from selfsup.views.lab import rgb_to_lab

LIGHTNESS_RANGE = 100.0
LEVELS = 256
CHUNK_COLOURS = 4096  # their distances to a few hundred bins fit in the cache
CHUNK_IMAGES = 500


def bins_in_gamut(spacing: float) -> Tensor:
    """Return the centres (Q, 2), sorted by a, then b, of the ab grid cells that contain a colour of 8-bit sRGB.

    Centres are multiples of ``spacing`` (in units of ab). At spacing 10 there are 261.

    Source: Zhang et al. 2016, section 2.1.
    Differs: the paper has 313 bins at spacing 10 and does not say how they are counted; fewer cells contain colours of
    sRGB. Here a cell is a bin if and only if it contains one, so that every class can occur.
    """
    # Changing the lightness of a colour at fixed ab leaves the gamut on a face of the RGB cube: the faces cover all ab.
    return torch.unique((_ab_of_faces() / spacing).round(), dim=0).float() * spacing


def nearest_bin(ab: Tensor, centres: Tensor) -> Tensor:
    """Return the row (N, H, W) int64 of the nearest of the ``centres`` (Q, 2) to each colour of ab (N, 2, H, W)."""
    return _nearest(ab, centres, 1)[0][:, 0]


def grid_bin(ab: Tensor, centres: Tensor, spacing: float) -> Tensor:
    """Return ``nearest_bin`` (N, H, W) of colours of sRGB, ab (N, 2, H, W), where ``centres`` (Q, 2) are all bins of the gamut at
    this ``spacing``: by rounding, without a distance for each pixel."""
    cell = (centres / spacing).round().long()
    first, last = cell.amin(0), cell.amax(0)
    a, b = (torch.arange(int(low), int(high) + 1) for low, high in zip(first, last, strict=True))
    cells = torch.stack(torch.meshgrid(a, b, indexing="ij")).float()[None].to(centres.device) * spacing
    row = nearest_bin(cells, centres)[0]
    index = (ab / spacing).round().long().movedim(1, -1).clamp(first, last) - first
    return row[index[..., 0], index[..., 1]]


def soft_bins(ab: Tensor, centres: Tensor, neighbours: int = 5, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
    """Return the k nearest centres of each colour as rows (N, k, H, W) int64, nearest first, and weights that sum to 1.

    ``ab`` is (N, 2, H, W); a centre is weighted by a Gaussian of its distance (``sigma`` in units of ab).

    Source: Zhang et al. 2016, section 2.1 (soft encoding).
    """
    index, squared_distance = _nearest(ab, centres, neighbours)
    return index, torch.softmax(-squared_distance / (2 * sigma**2), 1)


def annealed_mean(logits: Tensor, centres: Tensor, temperature: float) -> Tensor:
    """Return the ab (N, 2, H, W) of distributions over Q centres, given as logits or log probabilities (N, Q, H, W).

    Temperature 1 gives their mean, a temperature near 0 their mode.

    Source: Zhang et al. 2016, equation 5.
    """
    probabilities = torch.softmax(logits / temperature, 1)
    return torch.einsum("nqhw,qc->nchw", probabilities, centres.to(probabilities.dtype))


def ab_prior(images: Tensor, centres: Tensor, spacing: float) -> Tensor:
    """Return the share (Q,) float32 of the pixels of uint8 images (M, 3, H, W) that fall into each bin.

    ``centres`` (Q, 2) are all bins of the gamut at this ``spacing``.

    Source: Zhang et al. 2016 (Colorful image colorization), section 2.2.
    """
    counts = torch.zeros(len(centres), device=images.device, dtype=torch.int64)
    for chunk in images.split(CHUNK_IMAGES):
        index = grid_bin(rgb_to_lab(chunk.float() / 255)[:, 1:], centres, spacing)
        counts += index.flatten().bincount(minlength=len(counts))
    return (counts.double() / counts.sum()).float()


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


def _nearest(ab: Tensor, centres: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ``count`` nearest centres of each colour, (N, count, H, W) rows and squared distances, in chunks."""
    examples, _, height, width = ab.shape
    colours = ab.movedim(1, -1).reshape(-1, 2)
    chunks = [_nearest_of_chunk(chunk, centres.to(ab.dtype), count) for chunk in colours.split(CHUNK_COLOURS)]
    index, squared_distance = (
        torch.cat(parts).view(examples, height, width, count).movedim(-1, 1) for parts in zip(*chunks, strict=True)
    )
    return index, squared_distance


def _nearest_of_chunk(colours: Tensor, centres: Tensor, count: int) -> tuple[Tensor, Tensor]:
    squared_distance = (colours[:, None, 0] - centres[:, 0]) ** 2 + (colours[:, None, 1] - centres[:, 1]) ** 2
    least, index = squared_distance.topk(count, dim=1, largest=False)
    return index, least


def _ab_of_faces() -> Tensor:
    """Return the ab (colours, 2) float64 of every 8-bit colour on the six faces of the RGB cube."""
    level = torch.arange(LEVELS, dtype=torch.float64) / (LEVELS - 1)
    first, second = torch.meshgrid(level, level, indexing="ij")
    faces = []
    for axis in range(3):
        for end in (0.0, 1.0):
            channels = [first, second]
            channels.insert(axis, torch.full_like(first, end))
            faces.append(torch.stack(channels))
    return rgb_to_lab(torch.stack(faces))[:, 1:].movedim(1, -1).reshape(-1, 2)
