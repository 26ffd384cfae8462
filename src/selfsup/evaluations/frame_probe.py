"""Frame probe: how well a linear classifier reads what is said, and who speaks, from single frames of sound."""

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.clustered import accuracy_of_frames
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.solvers.layer_probe import measures, probe
from selfsup.evaluations.solvers.splits import held_out
from selfsup.results import Measure

NEEDS = ("features",)
SHOWN = {
    "title": "Probes of single frames",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "figures": [{"kind": "scatter", "metric": "top1"}],
    "note": "Each layer meets the test set; the headline takes the layer that is best on held-out training examples.",
}


@dataclass(frozen=True)
class Frames:
    """The frames of a split in which something is said: which of all kept they are, ``said`` (N F',) bool, and of each such
    frame its ``utterance`` and its ``label`` (M,)."""

    said: Tensor
    utterance: Tensor
    label: Tensor

    def of(self, features: Tensor) -> Tensor:
        """Return their features (M, D), of features (N, F', D)."""
        return features.flatten(0, 1)[self.said]


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

    Penalty and layer are chosen on held-out training utterances, the same part of each speaker's (a tie goes to the
    stronger penalty and the deeper layer); the fit is then on all training frames. Frames without content are left out.
    NotApplicable where the data are no labelled sound.

    Args:
        target: what is asked of every frame.
        penalties: L2 penalties from which one is chosen.
        held_out_fraction: share of the training set on which penalty and layer are chosen.
        layers: layers that are read, by name, or all.
        tolerance: largest gradient norm at which a fit counts as converged.

    Source: van den Oord et al. 2018 (CPC), section 3.1 and table 1.
    Differs: the layer is chosen, where the paper reads the GRU's output.
    """
    train, test = (_frames(inputs, split, target) for split in ("train", "test"))
    speakers = feature_file.array(inputs.features, "train", "speaker")
    held = held_out(speakers, held_out_fraction, inputs.seed, "frame_probe")[train.utterance]
    probes = {}
    for layer in feature_file.asked(inputs.features, layers):
        seen, asked = (feature_file.features(inputs.features, split, layer, "frames") for split in ("train", "test"))
        probes[layer] = probe(
            train.of(seen), test.of(asked), train.label, test.label, held, penalties=penalties, tolerance=tolerance
        )
    return measures(probes, lambda correct, layer: accuracy_of_frames(correct, test.utterance.numpy(), layer))


def _frames(inputs: Inputs, split: str, target: str) -> Frames:
    content, speaker, frame = (
        feature_file.array(inputs.features, split, name) for name in ("content", "speaker", "frame")
    )
    kept = content[:, frame]
    said = (kept >= 0).flatten()
    if not said.any():
        raise NotApplicable("no kept frame has a content")
    utterance = torch.arange(len(kept))[:, None].expand_as(kept).flatten()[said]
    return Frames(said, utterance, kept.flatten()[said] if target == "content" else speaker[utterance])
