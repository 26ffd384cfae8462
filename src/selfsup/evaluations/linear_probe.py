"""Linear probe: the accuracy of a linear classifier on each frozen layer."""

from functools import partial
from typing import Literal

from pydantic import PositiveFloat

from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, measures, probe, rescale, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Linear probe",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "figures": [{"kind": "bars", "metric": "top1"}, {"kind": "lines", "metric": "top1", "over": "layer"}],
    "flags": {"penalty_at_floor": "penalty at its floor"},
    "note": "Every layer is scored on the test set; the headline is of the layer with the best accuracy on held-out training "
    "examples.",
}


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    held_out_fraction: PositiveFloat,
    pooling: Literal[Pooling, "patches"],
    layers: list[str] | Literal["all"] = "all",
    standardised: bool = True,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` of the best layer and of each ``layer``, its ``penalty``, the largest ``gradient_norm``.

    Penalty and layer are those with the best accuracy on a held-out part of the training set (ties go to the stronger
    penalty and the deeper layer); the final fit is on the whole training set. NotApplicable where the features have no
    layer of a name in ``layers``, no such pooling, or there are no labels.

    Args:
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        held_out_fraction: fraction of the training set for selecting the penalty and the layer.
        pooling: how a map becomes a vector; patches is the mean over a grid of patches, each encoded alone.
        layers: names of layers, or all.
        standardised: whether each feature has mean 0 and deviation 1 before the fit; else all are divided by one number.
        tolerance: gradient norm at which a fit has converged.

    Source: Zhang et al. 2016 (Colorful image colorization), section 3.2, for the probe of every layer.
    Differs: maps are pooled to one vector, and the convex problem is solved to a gradient norm, not by epochs of SGD.
    """
    labels, test_labels = files.labels(inputs.features)
    held = [held_out(labels, held_out_fraction, inputs.seed, "linear_probe")]
    fitted = partial(probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    scaled = standardise if standardised else rescale
    probes = {}
    for layer in files.resolve_layers(inputs.features, layers):
        train, test = scaled(*files.features(inputs.features, layer, pooling))
        probes[layer] = fitted(train, test, labels, test_labels, held)
    return measures(probes, accuracy)
