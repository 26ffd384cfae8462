"""The pretext task itself: the method's answers on held-out images, beside baselines that were not trained on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.baselines.raw_pixels import colour_histogram
from selfsup.evaluations.baselines.untrained import untrained_encoder
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.knn import cosine_similarity
from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.solvers.logistic_regression import fit, path
from selfsup.evaluations.solvers.probes import probe, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.results import Measure, accuracy

NEEDS = ("weights", "predictions")
SHOWN = {
    "title": "Pretext task",
    "metrics": {
        "pretext_accuracy": {"title": "pretext accuracy", "unit": "%", "better": "higher", "over": ["baseline"]},
        "pretext_bits": {
            "title": "bits below the prior",
            "unit": "bits",
            "better": "higher",
            "decimals": 3,
            "note": "of the colour in the middle",
            "over": ["baseline"],
        },
        "pretext_skill": {
            "title": "skill at the pretext task",
            "unit": "%",
            "better": "higher",
            "note": "of the way from an untrained network to perfect answers",
        },
    },
    "names": {
        "untrained": "untrained network",
        "previous_frame": "the previous frame's colour",
    },
    "figures": [
        {"kind": "bars", "metric": "pretext_accuracy"},
        {"kind": "against", "metric": "pretext_skill", "against": "linear_probe"},
    ],
    "note": "Held-out images. Where the colour histogram has a high accuracy, the task can be solved by a shortcut. Bits below "
    "the prior: by how much the cross entropy of a distribution over colours is below that of their shares in the training set.",
}
UNIFORM_FRACTION = 0.01  # mixed into distributions: a class that never occurred costs a finite number of bits


@dataclass(frozen=True)
class Task:
    """One split of the pretext task: images uint8 (M, P, 3, H, W), P = 1 for whole images; target, group (M,) int64; the
    scores (M,) of the method and of baselines by name."""

    images: Tensor
    target: Tensor
    group: Tensor
    score: Tensor
    baselines: dict[str, Tensor]


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    tolerance: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``pretext_accuracy`` of the method, of the baselines ``untrained`` (an encoder) and ``colour_histogram``, and
    of those that the task brings; of a distribution over classes ``pretext_bits``. ``pretext_skill`` is of either.

    The baselines get the images of the method, and concatenate the features of an example's patches. A classification
    is learned by logistic regression on the pretext images of the training set; a matching takes the nearest row of the
    group by cosine. ``pretext_bits`` is the cross entropy of the prior, the shares of the classes in the pretext images of
    the training set, minus that of a distribution, each mixed with a hundredth of the uniform one. NotApplicable where the
    method has no pretext task.

    Args:
        penalties: L2 penalties to select from.
        held_out_fraction: fraction of the training set for selecting the penalty.
        tolerance: gradient norm at which a fit has converged.
        batch_size: examples that pass through the encoder at once.
    """
    file = inputs.predictions / "pretext.h5"
    if not file.exists():
        raise NotApplicable("the method has no pretext task")
    kind, train, test = _read(file, inputs.device)
    encoder = untrained_encoder(inputs.weights, train.images.flatten(0, 1), inputs.seed, batch_size)

    @torch.no_grad()
    def untrained(images: Tensor) -> Tensor:
        return torch.cat([encoder(batch) for batch in images.split(batch_size)])

    def scores(embed: Callable[[Tensor], Tensor]) -> Tensor:
        features = _by_example(embed, test.images)
        if kind == "matching":
            return nearest_in_group(features, test.group) == test.target
        held = held_out(train.target, held_out_fraction, inputs.seed, "pretext")
        x, test_x = standardise(_by_example(embed, train.images), features)
        parts = (x, test_x, train.target, test.target)
        if kind == "distribution":
            return target_probability(*parts, held, penalties=penalties, tolerance=tolerance)
        return probe(*parts, [held], penalties=penalties, tolerance=tolerance).correct

    by_name = {"": test.score, "untrained": scores(untrained), "colour_histogram": scores(colour_histogram)}
    by_name |= test.baselines | {"perfect": torch.ones_like(test.score)}
    if kind == "distribution":
        return _with_skill(list(_bits(by_name, train.target, test.target)))
    return _with_skill([accuracy(score.numpy(), "pretext_accuracy", baseline=name) for name, score in by_name.items()])


def _with_skill(measures: list[Measure]) -> list[Measure]:
    """Return the measures, with ``perfect`` replaced by ``pretext_skill``: how far the method is from untrained to perfect."""
    value = {measure.baseline: measure.value for measure in measures}
    kept = [measure for measure in measures if measure.baseline != "perfect"]
    if value["perfect"] == value["untrained"]:
        return kept
    skill = 100 * (value[""] - value["untrained"]) / (value["perfect"] - value["untrained"])
    return [*kept, Measure("pretext_skill", "%", skill, kept[0].n)]


def _bits(probability: dict[str, Tensor], train_target: Tensor, target: Tensor) -> Iterator[Measure]:
    """Yield the bits below the prior of each name's probabilities (M,) of the targets."""
    classes = int(torch.cat([train_target, target]).max()) + 1
    prior = torch.bincount(train_target, minlength=classes).double() / len(train_target)

    def bits(of_target: Tensor) -> Tensor:
        return -((1 - UNIFORM_FRACTION) * of_target.double() + UNIFORM_FRACTION / classes).log2()

    for name, of_target in probability.items():
        yield mean("pretext_bits", "bits", bits(prior[target]) - bits(of_target), baseline=name)


def target_probability(
    train: Tensor,
    test: Tensor,
    labels: Tensor,
    test_labels: Tensor,
    held: Tensor,
    *,
    penalties: list[float],
    tolerance: float,
) -> Tensor:
    """Return the probability (M,) of each test label by logistic regression, 0 of those that no training example has. The
    penalty is that of the least cross entropy on the training examples that ``held`` (N,) bool holds out."""
    known, row = labels.unique(return_inverse=True)
    fits = path(train[~held], row[~held], penalties=sorted(penalties, reverse=True), tolerance=tolerance)
    best = max(fits, key=lambda one: float(_of_rows(one.probability(train[held]), row[held]).log().sum()))
    final = fit(train, row, penalty=best.penalty, tolerance=tolerance).probability(test)
    every = torch.zeros(len(test), int(torch.cat([labels, test_labels]).max()) + 1, dtype=final.dtype)
    every[:, known] = final
    return _of_rows(every, test_labels)


def _of_rows(values: Tensor, column: Tensor) -> Tensor:
    return values.gather(1, column[:, None])[:, 0]


def nearest_in_group(features: Tensor, group: Tensor) -> Tensor:
    """Return (M,) the nearest other row of the same group by cosine, for features (M, D); of ties the first."""
    similarity = cosine_similarity(features, features)
    similarity[group[:, None] != group] = -torch.inf
    return similarity.fill_diagonal_(-torch.inf).argmax(1)


def _by_example(embed: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return (M, P D) of images (M, P, 3, H, W)."""
    return embed(images.flatten(0, 1)).cpu().view(len(images), -1)


def _read(file: Path, device: str) -> tuple[str, Task, Task]:
    """Return the task's kind, and the task on both splits, with images on the device."""
    with h5py.File(file, "r") as source:
        train, test = (_task(source[split], device) for split in ("train", "test"))
        return str(source.attrs["kind"]), train, test


def _task(group: h5py.Group, device: str) -> Task:
    images, target, of_group, score = (torch.from_numpy(group[n][()]) for n in ("images", "target", "group", "score"))
    baselines = {name: torch.from_numpy(array[()]) for name, array in group.get("baselines", {}).items()}
    images = images.to(device)
    return Task(images if images.ndim == 5 else images[:, None], target, of_group, score, baselines)
