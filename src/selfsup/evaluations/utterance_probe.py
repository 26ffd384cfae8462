"""Utterance probe: the accuracy of a linear classifier of speaker or content on the mean over an utterance."""

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import PositiveFloat
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, measures, probe, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Probes of utterances",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "flags": {"penalty_at_floor": "penalty at its floor"},
    "note": "Every layer is scored on the test set; the headline is of the layer with the best accuracy on held-out training "
    "examples.",
}


def evaluate(
    inputs: Inputs,
    *,
    target: Literal["content", "speaker"],
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    held_out_fraction: PositiveFloat,
    layers: list[str] | Literal["all"] = "all",
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return the measures of the linear probe, selected in the same way.

    NotApplicable where the data are not labelled sound, and for the content if an utterance has several.

    Args:
        target: what is predicted for every utterance.
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        held_out_fraction: fraction of the training set for selecting the penalty and the layer.
        layers: names of layers, or all.
        tolerance: gradient norm at which a fit has converged.
    """
    labels, test_labels = (_labels(inputs.features / f"{split}.h5", target) for split in ("train", "test"))
    held = [held_out(labels, held_out_fraction, inputs.seed, "utterance_probe")]
    fitted = partial(probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    probes = {}
    for layer in files.resolve_layers(inputs.features, layers):
        train, test = standardise(*files.features(inputs.features, layer, "mean"))
        probes[layer] = fitted(train, test, labels, test_labels, held)
    return measures(probes, accuracy)


def _labels(path: Path, target: str) -> Tensor:
    """Return the label of each utterance (N,)."""
    labels = files.array(path, target)
    if target == "speaker":
        return labels
    content = labels.amax(1, keepdim=True)
    if not ((labels == content) | (labels < 0)).all() or (content < 0).any():
        raise NotApplicable("an utterance has more than one content, or none")
    return content[:, 0]
