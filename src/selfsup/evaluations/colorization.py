"""The quality of colorization: how near the predicted colours are to the true ones, and how colourful."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor

from selfsup.datasets.prepared import read_images
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.colourfulness import colourfulness
from selfsup.evaluations.reading.prediction_file import read_predictions
from selfsup.results import Measure
from selfsup.views.ab_bins import bins_in_gamut, nearest_bin
from selfsup.views.ab_prior import ab_prior, rebalancing_weights
from selfsup.views.lab import lab_to_rgb, rgb_to_lab

NEEDS = ("target", "predictions")
SHOWN = {
    "title": "Colour quality",
    "metrics": {
        "auc": {"title": "AuC", "unit": "%", "better": "higher"},
        "auc_rebalanced": {"title": "AuC, rebalanced", "unit": "%", "better": "higher"},
        "colourfulness": {
            "title": "colourfulness",
            "unit": "",
            "better": "none",
            "decimals": 2,
            "note": "the nearer to the original the better",
        },
    },
    "names": {"grey": "no colour", "original": "the original"},
    "note": "AuC: the area under the share of pixels within an ab distance of 0 to 150; rebalanced: rare colours weigh more.",
}


def evaluate(
    inputs: Inputs,
    *,
    spacing: PositiveFloat,
    smoothing_sigma: PositiveFloat,
    uniform_fraction: NonNegativeFloat,
    largest_error: PositiveFloat,
) -> list[Measure]:
    """Return ``auc``, ``auc_rebalanced`` and ``colourfulness`` of the predicted colours, and of two baselines.

    Those are no colour at all, ``grey``, and everywhere the mean colour of the training set, ``mean_colour``;
    ``colourfulness`` is also that of the true images, ``original``. ``auc_rebalanced`` weights a pixel by its true colour's
    rarity in the training set. NotApplicable where the run's method colours nothing.

    Args:
        spacing: distance in ab units between the bins of the prior.
        smoothing_sigma: width in ab units by which the prior is smoothed.
        uniform_fraction: share of a uniform distribution in the weights.
        largest_error: largest error in ab units of the curve of which the area is taken.

    Source: Zhang et al. 2016 (Colorful image colorization), section 3.1 and table 1.
    Differs: 500 test images where the paper has 10,000, so few rare colours hold much of the rebalanced weight; ab is
    compared at the images' size.
    """
    images, arrays = read_predictions(inputs.predictions, "colorization")
    target = arrays["target_ab"]
    train = torch.from_numpy(read_images(inputs.target / "train.h5"))
    centres = bins_in_gamut(spacing)
    prior = ab_prior(train, centres, spacing)
    weights = rebalancing_weights(prior, centres, sigma=smoothing_sigma, uniform_fraction=uniform_fraction)
    weight = weights[nearest_bin(target, centres)]
    grey = torch.zeros_like(target)
    coloured = {
        "": (arrays["predicted_ab"], images["predicted"]),
        "grey": (grey, _with_colours(images["original"], grey)),
    }
    mean = (prior @ centres)[:, None, None].expand_as(target)
    coloured["mean_colour"] = (mean, _with_colours(images["original"], mean))
    measures = []
    for name, (ab, picture) in coloured.items():
        error = (ab - target).pow(2).sum(1).sqrt()
        measures += [
            Measure("auc", "%", auc(error, torch.ones_like(error), largest_error), len(target), baseline=name),
            Measure("auc_rebalanced", "%", auc(error, weight, largest_error), len(target), baseline=name),
            Measure("colourfulness", "", float(colourfulness(picture).mean()), len(target), baseline=name),
        ]
    original = float(colourfulness(images["original"]).mean())
    return [*measures, Measure("colourfulness", "", original, len(target), baseline="original")]


def auc(error: Tensor, weight: Tensor, largest: float) -> float:
    """Return the area in percent under the curve of the mass within an error, over thresholds from 0 to ``largest``.

    ``error`` and ``weight`` (N, H, W). A pixel is within every threshold from its own error on, so it adds the part of
    the axis that lies above: the area is exact, no threshold is stepped through.
    """
    above = (1 - error.double() / largest).clamp(min=0)
    return 100 * float((weight * above).sum() / weight.double().sum())


def _with_colours(images: Tensor, ab: Tensor) -> Tensor:
    """Return uint8 images (M, 3, H, W) of the same lightness with other colours, ab (M, 2, H, W)."""
    lightness = rgb_to_lab(images.float() / 255)[:, :1]
    return (lab_to_rgb(torch.cat([lightness, ab], 1)) * 255).round().to(torch.uint8)
