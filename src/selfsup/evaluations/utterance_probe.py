"""Utterance probe: how well a linear classifier reads who speaks, and what is said, from the mean over an utterance."""

from typing import Literal

from pydantic import PositiveFloat
from torch import Tensor

from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.probes import feature_file
from selfsup.evaluations.probes.layer_probe import Probe, chosen_layer, probe
from selfsup.evaluations.probes.splits import held_out
from selfsup.results import Measure, accuracy

NEEDS = "features"


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    layers: list[str] | Literal["all"] = "all",
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``speaker_top1`` of the chosen layer, ``_by_layer`` and the ``_penalty``, and the same of ``content`` where
    each utterance has only one (a digit, a word).

    Choices as in the frame probe. NotApplicable where the data are no labelled sound.
    """
    names = feature_file.layers(inputs.features) if layers == "all" else feature_file.there(inputs.features, layers)
    measures = []
    for target, (train, test) in _targets(inputs).items():
        held = held_out(train, held_out_fraction, inputs.seed, "utterance_probe")
        probes = {}
        for layer in names:
            seen, asked = (feature_file.features(inputs.features, split, layer, "mean") for split in ("train", "test"))
            probes[layer] = probe(seen, asked, train, test, held, penalties=penalties, tolerance=tolerance)
        measures += _measures(probes, target)
    return measures


def _targets(inputs: Inputs) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the labels (N,) of both splits for each thing that an utterance has one of."""
    speakers, contents = (
        tuple(feature_file.array(inputs.features, split, name) for split in ("train", "test"))
        for name in ("speaker", "content")
    )
    found = {"speaker": (speakers[0], speakers[1])}
    if all(_constant(content) for content in contents):
        found["content"] = (contents[0].amax(1), contents[1].amax(1))
    return found


def _constant(content: Tensor) -> bool:
    """Return whether all frames of an utterance that have a content (N, F) have the same."""
    first = content.amax(1, keepdim=True)
    return bool(((content == first) | (content < 0)).all() and (first >= 0).all())


def _measures(probes: dict[str, Probe], target: str) -> list[Measure]:
    best = chosen_layer(probes)
    return [
        accuracy(probes[best].correct.numpy(), f"{target}_top1", layer=best),
        *(accuracy(p.correct.numpy(), f"{target}_top1_by_layer", layer=layer) for layer, p in probes.items()),
        Measure(f"{target}_penalty", "", probes[best].fit.penalty, len(probes[best].correct), layer=best),
    ]
