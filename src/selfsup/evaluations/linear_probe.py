"""Linear probe: how well a linear classifier reads the classes from each frozen layer."""

from typing import Literal

from pydantic import PositiveFloat

from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.solvers.layer_probe import measures, probe
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Linear probe",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "figures": [
        {"kind": "bars", "metric": "top1"},
        {"kind": "lines", "metric": "top1", "over": "layer"},
    ],
    "note": "Each layer meets the test set; the headline takes the layer that is best on held-out training examples.",
}


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    pooling: Pooling,
    layers: list[str] | Literal["all"] = "all",
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` of the chosen layer and of each ``layer``, the chosen ``penalty``, the largest ``gradient_norm``.

    Penalty and layer are those with the best accuracy on a held-out part of the training set (a tie goes to the
    stronger penalty and the deeper layer); the fit is then on the whole training set, and the test set is touched once a layer.
    ``all`` are the encoder's layers; NotApplicable where the features have no layer of a name in ``layers``.

    Args:
        penalties: L2 penalties from which one is chosen.
        held_out_fraction: share of the training set on which penalty and layer are chosen.
        pooling: how a map becomes a vector.
        layers: layers that are read, by name, or all.
        tolerance: largest gradient norm at which a fit counts as converged.

    Source: Zhang et al. 2016 (Colorful image colorization), section 3.2, for the probe of every layer.
    Differs: maps are pooled to one vector, and the convex problem is solved to a gradient norm, not by epochs of SGD.
    """
    train, test = feature_file.labels(inputs.features, "train"), feature_file.labels(inputs.features, "test")
    held = held_out(train, held_out_fraction, inputs.seed, "linear_probe")
    probes = {}
    for layer in feature_file.asked(inputs.features, layers):
        seen, asked = (feature_file.features(inputs.features, split, layer, pooling) for split in ("train", "test"))
        probes[layer] = probe(seen, asked, train, test, held, penalties=penalties, tolerance=tolerance)
    return measures(probes, lambda correct, layer: accuracy(correct, layer=layer))
