"""Which classes are told apart: the accuracy of each class, and what a linear probe takes one class for."""

import json
from functools import partial

import torch
from pydantic import PositiveFloat
from torch import Tensor

from selfsup.datasets.prepared import read_split
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, best_probe, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.hdf5 import write_arrays
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("target", "features")
SHOWN = {
    "title": "Classes",
    "metrics": {
        "worst_class": {"title": "worst class", "unit": "%", "better": "higher"},
        "class_accuracy": {
            "title": "{subset}",
            "unit": "%",
            "note": "of its images",
            "better": "higher",
            "over": ["subset"],
        },
    },
    "figures": [{"kind": "matrix", "metric": "class_accuracy"}],
    "note": "By the linear probe of the layer with the best accuracy on held-out training examples.",
}
LISTED = 40  # classes that a table has room for


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    held_out_fraction: PositiveFloat,
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``class_accuracy``, of the test examples of each class, as ``subset``, and ``worst_class``, the lowest of these.

    Also stores, as ``matrix`` (K, K), how many test examples of a class (row) are taken for each class (column). Classes
    without test examples have no accuracy; of more than 40 classes only the worst is returned. NotApplicable without labels.

    Args:
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        held_out_fraction: fraction of the training set for selecting the penalty and the layer, the same as the linear probe's.
        pooling: how a map becomes a vector.
        tolerance: gradient norm at which a fit has converged.
    """
    labels, test_labels = files.labels(inputs.features)
    held = [held_out(labels, held_out_fraction, inputs.seed, "linear_probe")]
    layers = {
        name: standardise(*files.features(inputs.features, name, pooling)) for name in files.layers(inputs.features)
    }
    fitted = partial(best_probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    best, probe = fitted(layers, labels, test_labels, held)
    predicted = probe.fit.predict(layers[best][1])
    classes = _class_names(inputs, int(torch.cat([labels, test_labels]).max()) + 1)
    counts = confusion(test_labels, predicted, len(classes))
    write_arrays(inputs.pictures / "pictures.h5", {"matrix": counts.numpy()}, classes=json.dumps(classes))
    by_class = [
        accuracy((predicted == test_labels)[test_labels == n].numpy(), "class_accuracy", subset=name)
        for n, name in enumerate(classes)
        if counts[n].sum()
    ]
    lowest = min(by_class, key=lambda measure: measure.value)
    return [Measure("worst_class", "%", lowest.value, lowest.n), *(by_class if len(classes) <= LISTED else [])]


def confusion(labels: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """Return (K, K) int64: how many examples of the class of a row are taken for the class of a column."""
    return (labels * classes + predicted).bincount(minlength=classes**2).reshape(classes, classes)


def _class_names(inputs: Inputs, count: int) -> list[str]:
    names = read_split(inputs.target / "test.h5", []).classes
    return list(names) if len(names) >= count else [str(n) for n in range(count)]
