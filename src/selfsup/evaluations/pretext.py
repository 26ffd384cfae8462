"""The pretext task itself: the method's accuracy on held-out images, beside two baselines that never trained on it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.baselines.colour_histogram import colour_histogram
from selfsup.evaluations.baselines.untrained import untrained_encoder
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.solvers.logistic_regression import fit
from selfsup.evaluations.solvers.penalty_choice import choose_penalty
from selfsup.evaluations.solvers.splits import held_out
from selfsup.evaluations.solvers.standardisation import standardisation
from selfsup.evaluations.tracking.cosine import cosine_similarity
from selfsup.results import Measure, accuracy

NEEDS = ("weights", "predictions")
SHOWN = {
    "title": "Pretext task",
    "metrics": {
        "pretext_accuracy": {"title": "pretext accuracy", "unit": "%", "better": "higher", "over": ["baseline"]},
    },
    "names": {"untrained": "untrained network"},
    "figures": [{"kind": "bars", "metric": "pretext_accuracy"}],
    "note": "Held-out images. A colour histogram that does well says that the task can be solved by a shortcut.",
}
Describe = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Task:
    """One split of a pretext task: images uint8 (M, P, 3, H, W); target, group (M,) int64; correct (M,) bool."""

    images: Tensor
    target: Tensor
    group: Tensor
    correct: Tensor


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    tolerance: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``pretext_accuracy`` of the method, and of the baselines ``untrained`` (an encoder) and ``colour_histogram``.

    The baselines see the same images as the method; of an example of several patches, its patches' features side by
    side. A classification is learned by logistic regression from the pretext
    images of the training set; a matching needs no learning: the nearest row of the group by cosine is the answer.
    NotApplicable where the run's method has no pretext task.

    Args:
        penalties: L2 penalties from which one is chosen.
        held_out_fraction: share of the training set on which penalty and layer are chosen.
        tolerance: largest gradient norm at which a fit counts as converged.
        batch_size: examples that pass through the encoder at once.
    """
    file = inputs.predictions / "pretext.h5"
    if not file.exists():
        raise NotApplicable("the method has no pretext task")
    kind, train, test = _read(file, inputs.device)
    description = json.loads((inputs.weights / "encoder.json").read_text(encoding="utf-8"))["description"]
    encoder = untrained_encoder(description, train.images.flatten(0, 1), inputs.seed, batch_size)

    @torch.no_grad()
    def untrained(images: Tensor) -> Tensor:
        return torch.cat([encoder(batch) for batch in images.split(batch_size)])

    def by_patch(describe: Describe, images: Tensor) -> Tensor:
        return describe(images.flatten(0, 1)).cpu().view(len(images), -1)

    measures = [accuracy(test.correct.numpy(), "pretext_accuracy")]
    for name, describe in (("untrained", untrained), ("colour_histogram", colour_histogram)):
        features = by_patch(describe, test.images)
        if kind == "matching":
            answers = nearest_in_group(features, test.group)
        else:
            seen = by_patch(describe, train.images)
            held = held_out(train.target, held_out_fraction, inputs.seed, "pretext")
            answers = _learned(seen, train.target, features, held, penalties, tolerance)
        measures.append(accuracy((answers == test.target).numpy(), "pretext_accuracy", baseline=name))
    return measures


def nearest_in_group(features: Tensor, group: Tensor) -> Tensor:
    """Return (M,) for each row of features (M, D) the nearest other row of its group by cosine, the first of equals."""
    similarity = cosine_similarity(features, features)
    similarity[group[:, None] != group] = -torch.inf
    return similarity.fill_diagonal_(-torch.inf).argmax(1)


def _learned(
    train: Tensor, target: Tensor, test: Tensor, held: Tensor, penalties: list[float], tolerance: float
) -> Tensor:
    """Return the classes (M,) of test features by the logistic regression of the training ones."""
    standardise = standardisation(train)
    train = standardise(train)
    penalty, _ = choose_penalty(train, target, [held], penalties=penalties, tolerance=tolerance)
    return fit(train, target, penalty=penalty, tolerance=tolerance).predict(standardise(test))


def _read(file: Path, device: str) -> tuple[str, Task, Task]:
    """Return the task's kind and its two splits, the images on the device, all of P patches (one: the image)."""
    with h5py.File(file, "r") as source:
        columns = {
            split: {
                name: torch.from_numpy(source[split][name][()]) for name in ("images", "target", "group", "correct")
            }
            for split in ("train", "test")
        }
        for found in columns.values():
            images = found["images"].to(device)
            found["images"] = images if images.ndim == 5 else images[:, None]
        train, test = (Task(**columns[split]) for split in ("train", "test"))
        return str(source.attrs["kind"]), train, test
