"""The quality of colorization: the distance of predicted from true colours, and how colourful they are."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from selfsup.datasets.prepared import has, read
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import mean, ratio
from selfsup.evaluations.reading.files import read_predictions
from selfsup.results import Measure
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.lab_bins import ab_prior, bins_in_gamut, grid_bin, rebalancing_weights

NEEDS = ("target", "predictions")
SHOWN = {
    "title": "Colour quality",
    "metrics": {
        "auc": {"title": "AuC", "unit": "%", "better": "higher"},
        "auc_rebalanced": {
            "title": "AuC, rebalanced, lambda {at}",
            "unit": "%",
            "better": "higher",
            "note": "lambda: the uniform share of the weights, 0 in the paper",
            "over": ["at"],
        },
        "colourfulness": {
            "title": "colourfulness",
            "unit": "",
            "better": "none",
            "decimals": 2,
            "note": "the nearer to the original the better",
        },
    },
    "names": {
        "grey": "no colour",
        "mean_colour": "the training set's mean colour",
        "region_colours": "true mean colours of object and background (oracle)",
        "image_colour": "true mean colour of the image (oracle)",
        "original": "the original",
    },
    "note": "AuC: the area under the share of pixels within an ab distance of 0 to 150; rebalanced: rare colours weigh more. "
    "Without a uniform share a handful of images have most of the weight. Between no colour and the oracle is the range "
    "that a prediction of one colour an object has.",
}
CHUNK_IMAGES = 500
Columns = dict[str, Tensor]


def evaluate(
    inputs: Inputs,
    *,
    spacing: PositiveFloat,
    smoothing_sigma: PositiveFloat,
    uniform_fractions: list[NonNegativeFloat],
    largest_error: PositiveFloat,
) -> list[Measure]:
    """Return ``auc``, ``auc_rebalanced`` at each uniform fraction, and ``colourfulness`` of the predicted colours and of
    three baselines, with 95 % intervals over images.

    These are ``grey``, no colour; ``mean_colour``, the mean colour of the training set everywhere; and an oracle:
    ``region_colours``, the true mean colour of each object and of the background, where the data have masks, else
    ``image_colour``, that of each image. ``colourfulness`` is also that of the true images, ``original``.
    ``auc_rebalanced`` weights a pixel by the rarity of its true colour in the training set. NotApplicable where the method
    does not colorize.

    Args:
        spacing: distance in ab units between the bins of the prior.
        smoothing_sigma: standard deviation in ab units of the smoothing of the prior.
        uniform_fractions: fractions of a uniform distribution in the weights, one measure each.
        largest_error: upper limit in ab units of the error axis of the curve.

    Source: Zhang et al. 2016 (Colorful image colorization), section 3.1 and table 1.
    Differs: the paper's rebalanced weights have no uniform fraction, and its 10,000 test images are more than those of small
    data sets, so few rare colours hold much of the weight: fractions above 0 are measured beside it; ab is compared at
    the images' size.
    """
    _, arrays = read_predictions(inputs.predictions, "colorization")
    centres = bins_in_gamut(spacing)
    prior = ab_prior(torch.from_numpy(read(inputs.target / "train.h5", "image")), centres, spacing)
    rebalance = partial(rebalancing_weights, prior, centres, sigma=smoothing_sigma)
    weight_of_bin = {fraction: rebalance(uniform_fraction=fraction) for fraction in uniform_fractions}
    columns: dict[str, list[Columns]] = defaultdict(list)
    for lab, predictions in _colourings(inputs, arrays["predicted_ab"], prior @ centres):
        rarity = grid_bin(lab[:, 1:], centres, spacing)
        weight = {fraction: of_bin[rarity] for fraction, of_bin in weight_of_bin.items()}
        for name, ab in predictions.items():
            columns[name].append(image_sums(lab, ab, weight, largest_error))
        columns["original"].append({"colourfulness": colourfulness(_bytes(lab))})
    joined = {name: {k: torch.cat([part[k] for part in parts]) for k in parts[0]} for name, parts in columns.items()}
    return [measure for name, of_name in joined.items() for measure in _measures(name, of_name, uniform_fractions)]


def _colourings(inputs: Inputs, predicted: Tensor, mean_colour: Tensor) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Yield test images in Lab (m, 3, H, W), and the ab (m, 2, H, W) that the method and each baseline give them;
    ``predicted`` is (M, 2, H', W')."""
    file = inputs.target / "test.h5"
    images = torch.from_numpy(read(file, "image"))
    masks = torch.from_numpy(read(file, "mask")) if has(file, "mask") else None
    for start in range(0, len(predicted), CHUNK_IMAGES):
        rows = slice(start, start + CHUNK_IMAGES)
        lab = rgb_to_lab(images[rows].float() / 255)
        target = lab[:, 1:]
        colourings = {
            "": F.interpolate(predicted[rows], size=target.shape[2:], mode="bilinear", align_corners=False),
            "grey": torch.zeros_like(target),
            "mean_colour": mean_colour[:, None, None].expand_as(target),
        }
        if masks is None:
            colourings["image_colour"] = region_means(target, torch.zeros_like(target[:, 0]))
        else:
            colourings["region_colours"] = region_means(target, masks[rows])
        yield lab, colourings


def region_means(ab: Tensor, mask: Tensor) -> Tensor:
    """Return ab (M, 2, H, W) whose pixels have the mean of their region, those of an equal number in the mask (M, H, W)."""
    means = torch.zeros_like(ab)
    for number in mask.unique():
        region = (mask == number)[:, None]
        mean_of_region = (ab * region).sum((2, 3), keepdim=True) / region.sum((2, 3), keepdim=True).clamp(min=1)
        means = torch.where(region, mean_of_region, means)
    return means


def image_sums(lab: Tensor, ab: Tensor, weight: dict[float, Tensor], largest: float) -> Columns:
    """Return of each image (m,) its area under the curve, its weighted area and weight for each of ``weight`` (m, H, W),
    and the colourfulness of the image, lab (m, 3, H, W), in the colours ab (m, 2, H, W)."""
    area = area_above(ab - lab[:, 1:], largest)
    coloured = _bytes(torch.cat([lab[:, :1], ab], 1))
    columns = {"auc": area.mean((1, 2)), "colourfulness": colourfulness(coloured)}
    for fraction, of_pixel in weight.items():
        columns |= {
            f"area@{fraction}": (of_pixel * area).sum((1, 2)),
            f"weight@{fraction}": of_pixel.double().sum((1, 2)),
        }
    return columns


def _measures(name: str, columns: Columns, fractions: list[float]) -> Iterator[Measure]:
    """Yield the measures of a prediction, or of the originals, which have no error."""
    if "auc" in columns:
        yield mean("auc", "%", 100 * columns["auc"], baseline=name)
        for fraction in fractions:
            parts = (100 * columns[f"area@{fraction}"], columns[f"weight@{fraction}"])
            yield ratio("auc_rebalanced", "%", *parts, baseline=name, at=fraction)
    yield mean("colourfulness", "", columns["colourfulness"], baseline=name)


def area_above(difference: Tensor, largest: float) -> Tensor:
    """Return (M, H, W) float64: the part of the axis from 0 to ``largest`` above the error of each pixel, the length of
    ``difference`` (M, 2, H, W). Its mean is the exact area under the curve of the share of pixels within an error."""
    return (1 - torch.hypot(*difference.double().unbind(1)) / largest).clamp(min=0)


def colourfulness(images: Tensor) -> Tensor:
    """Return M (N,) of uint8 images (N, 3, H, W): 0 for a grey image, about 15 slightly, 109 extremely colourful.

    Source: Hasler & Suesstrunk 2003 (Measuring colourfulness in natural images), section 7.
    """
    red, green, blue = images.double().flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])
    spread = (opponents.std(2, correction=0) ** 2).sum(0).sqrt()
    return spread + 0.3 * (opponents.mean(2) ** 2).sum(0).sqrt()


def _bytes(lab: Tensor) -> Tensor:
    return (lab_to_rgb(lab) * 255).round().to(torch.uint8)
