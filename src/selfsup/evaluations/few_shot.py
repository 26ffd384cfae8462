"""Few-shot linear probes: a handful of labelled images a class on frozen features, to set zero-shot beside."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.solvers.logistic_regression import fit
from selfsup.evaluations.solvers.penalty_choice import choose_penalty
from selfsup.evaluations.solvers.splits import folds, ranks
from selfsup.evaluations.solvers.standardisation import standardisation
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Few-shot probes",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["shots"]}},
    "reference": "zero_shot",
    "figures": [{"kind": "lines", "metric": "top1", "over": "shots"}],
    "note": "Probes of the frozen image encoder; all answer for the same test images.",
}


def evaluate(
    inputs: Inputs,
    *,
    shots: list[PositiveInt],
    draws: PositiveInt,
    fold_count: PositiveInt,
    penalties: list[PositiveFloat],
    layer: str,
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` for each number of labelled images a class: the mean over draws, their spread as ``probe_sd``.

    The images of fewer shots are among those of more; draws are independent, and the same for every method of a seed.
    The penalty is cross-validated within the shots; with one it is the strongest. Standardised by all training images,
    which needs no label. Counts that some class does not have are left out; NotApplicable where all are.

    Args:
        shots: labelled images of each class.
        draws: independent draws of the labelled subset.
        fold_count: folds of the cross-validation of the penalty.
        penalties: L2 penalties from which one is chosen.
        layer: layer that is read, by name, or last.
        pooling: how a map becomes a vector.
        tolerance: largest gradient norm at which a fit counts as converged.

    Source: Radford et al. 2021 (CLIP), section 3.1.5 and figure 6.
    """
    labels, test_labels = (feature_file.labels(inputs.features, split) for split in ("train", "test"))
    layer = feature_file.layer_of(inputs.features, layer)
    train, test = (feature_file.features(inputs.features, split, layer, pooling) for split in ("train", "test"))
    standardise = standardisation(train)
    train, test = standardise(train), standardise(test)

    def correct(count: int, draw: int) -> Tensor:
        chosen = ranks(labels, inputs.seed, "few_shot", draw) < count
        features, known = train[chosen], labels[chosen]
        parts = folds(known, fold_count, inputs.seed, "few_shot_folds", draw)
        penalty, _ = choose_penalty(features, known, parts, penalties=penalties, tolerance=tolerance)
        return fit(features, known, penalty=penalty, tolerance=tolerance).predict(test) == test_labels

    there = [count for count in shots if count <= int(labels.bincount().min())]
    if not there:
        raise NotApplicable(f"some class has fewer than {min(shots)} training images")
    found = {count: torch.stack([correct(count, draw) for draw in range(draws)]) for count in there}
    return [accuracy(right.numpy(), shots=count) for count, right in found.items()]
