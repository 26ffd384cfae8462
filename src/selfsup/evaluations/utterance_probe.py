"""Utterance probe: how well a linear classifier reads who speaks, and what is said, from the mean over an utterance."""

from typing import Literal

from pydantic import PositiveFloat
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.solvers.layer_probe import measures, probe
from selfsup.evaluations.solvers.splits import held_out
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Probes of utterances",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "note": "Each layer meets the test set; the headline takes the layer that is best on held-out training examples.",
}


def evaluate(
    inputs: Inputs,
    *,
    target: Literal["content", "speaker"],
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    layers: list[str] | Literal["all"] = "all",
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` of the chosen layer and of each ``layer``, the chosen ``penalty``, the largest ``gradient_norm``.

    Choices as in the linear probe. NotApplicable where the data are no labelled sound, and of the content where an
    utterance has several.

    Args:
        target: what is asked of every utterance.
        penalties: L2 penalties from which one is chosen.
        held_out_fraction: share of the training set on which penalty and layer are chosen.
        layers: layers that are read, by name, or all.
        tolerance: largest gradient norm at which a fit counts as converged.
    """
    train, test = (_labels(inputs, split, target) for split in ("train", "test"))
    held = held_out(train, held_out_fraction, inputs.seed, "utterance_probe")
    probes = {}
    for layer in feature_file.asked(inputs.features, layers):
        seen, asked = (feature_file.features(inputs.features, split, layer, "mean") for split in ("train", "test"))
        probes[layer] = probe(seen, asked, train, test, held, penalties=penalties, tolerance=tolerance)
    return measures(probes, lambda correct, layer: accuracy(correct, layer=layer))


def _labels(inputs: Inputs, split: str, target: str) -> Tensor:
    """Return the label of each utterance (N,)."""
    labels = feature_file.array(inputs.features, split, target)
    if target == "speaker":
        return labels
    one = labels.amax(1, keepdim=True)
    if not ((labels == one) | (labels < 0)).all() or (one < 0).any():
        raise NotApplicable("an utterance has more than one content, or none")
    return one[:, 0]
