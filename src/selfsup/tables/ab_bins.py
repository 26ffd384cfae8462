"""Colorization's table: ab bins, their prior in the training set, and their weights in the loss."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor

from selfsup.errors import InputError
from selfsup.views.lab_bins import ab_prior, bins_in_gamut, rebalancing_weights


def make(
    *, images: Tensor, spacing: PositiveFloat, smoothing_sigma: PositiveFloat, uniform_fraction: NonNegativeFloat
) -> dict[str, Tensor]:
    """Return ``centres`` (Q, 2), ``prior`` (Q,), ``weight`` (Q,), of the training images uint8 (M, 3, H, W).

    Scalars for the report: ``bins``, Q; ``bins_that_occur`` in the training set. ``spacing`` and ``smoothing_sigma`` are in
    units of ab, ``uniform_fraction`` is the paper's lambda. Raises InputError where lambda is 0 or above 1.

    Args:
        spacing: distance in ab units between bins.
        smoothing_sigma: width in ab units by which the prior is smoothed.
        uniform_fraction: share of a uniform distribution in the weights.

    Source: Zhang et al. 2016 (Colorful image colorization), sections 2.1 and 2.2.
    """
    if not 0 < uniform_fraction <= 1:
        raise InputError(
            f"table.uniform_fraction is {uniform_fraction:g}; give more than 0, for bins without a colour, and at most 1"
        )
    centres = bins_in_gamut(spacing)
    prior = ab_prior(images, centres, spacing)
    weight = rebalancing_weights(prior, centres, sigma=smoothing_sigma, uniform_fraction=uniform_fraction)
    info = {"bins": torch.tensor(len(centres)), "bins_that_occur": (prior > 0).sum()}
    return {"centres": centres, "prior": prior, "weight": weight, **info}
