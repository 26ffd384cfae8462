"""Frame probe: the accuracy of a linear classifier of content or speaker on single frames of sound."""

from functools import partial
from pathlib import Path
from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import frame_accuracy
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, measures, probe, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.results import Measure

NEEDS = ("features",)
SHOWN = {
    "title": "Probes of single frames",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["layer"]}},
    "figures": [{"kind": "scatter", "metric": "top1"}],
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
    """Return ``top1`` of the best layer and of each ``layer``, its ``penalty``, the largest ``gradient_norm``.

    Penalty and layer are selected on held-out training utterances, the same fraction of each speaker's (ties go to the
    stronger penalty and the deeper layer); the final fit is on all training frames. Frames without content are left out.
    NotApplicable where the data are not labelled sound.

    Args:
        target: what is predicted for every frame.
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        held_out_fraction: fraction of the training set for selecting the penalty and the layer.
        layers: names of layers, or all.
        tolerance: gradient norm at which a fit has converged.

    Source: van den Oord et al. 2018 (CPC), section 3.1 and table 1.
    Differs: the layer is chosen, where the paper reads the GRU's output.
    """
    mask, utterance, labels = _labelled_frames(inputs.features / "train.h5", target)
    test_mask, test_utterance, test_labels = _labelled_frames(inputs.features / "test.h5", target)
    speakers = files.array(inputs.features / "train.h5", "speaker")
    held = [held_out(speakers, held_out_fraction, inputs.seed, "frame_probe")[utterance]]
    fitted = partial(probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    probes = {}
    for layer in files.resolve_layers(inputs.features, layers):
        frames, test_frames = files.features(inputs.features, layer, "frames")
        train, test = standardise(frames.flatten(0, 1)[mask], test_frames.flatten(0, 1)[test_mask])
        probes[layer] = fitted(train, test, labels, test_labels, held)
    return measures(probes, partial(frame_accuracy, utterance=test_utterance.numpy()))


def _labelled_frames(path: Path, target: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mask (N F',) bool of frames with content of a split, and the utterance and label (M,) of each."""
    content, speaker, frame = (files.array(path, name) for name in ("content", "speaker", "frame"))
    content = content[:, frame]
    mask = (content >= 0).flatten()
    if not mask.any():
        raise NotApplicable("no kept frame has a content")
    utterance = torch.arange(len(content))[:, None].expand_as(content).flatten()[mask]
    return mask, utterance, content.flatten()[mask] if target == "content" else speaker[utterance]
