"""Few labels, frozen features: a linear probe of the last layer from a small, class-balanced part of the labels."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.solvers.logistic_regression import fit
from selfsup.evaluations.solvers.penalty_choice import choose_penalty
from selfsup.evaluations.solvers.splits import balanced_subset, folds
from selfsup.evaluations.solvers.standardisation import standardisation
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Few labels",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["label_fraction"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "label_fraction"}],
}


def evaluate(
    inputs: Inputs,
    *,
    label_fractions: list[PositiveFloat],
    draws: PositiveInt,
    fold_count: PositiveInt,
    penalties: list[PositiveFloat],
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` for each label fraction: the mean over draws of the labelled subset, their spread as ``probe_sd``.

    Subsets are class-balanced, nested over the fractions of a draw, independent between draws, and the same for every
    method of a seed. The penalty is cross-validated within the subset; with one example a class that is impossible and
    the strongest penalty is taken. Features are standardised by all training images, which needs no label.
    A fraction that is less than half an example a class is left out; NotApplicable where all are.

    Args:
        label_fractions: shares of the labels that are seen.
        draws: independent draws of the labelled subset.
        fold_count: folds of the cross-validation of the penalty.
        penalties: L2 penalties from which one is chosen.
        pooling: how a map becomes a vector.
        tolerance: largest gradient norm at which a fit counts as converged.

    Source: Chen et al. 2020 (SimCLR), section 6 and appendix B.5, for balanced subsets of 1 % and 10 %.
    """
    labels, test_labels = (feature_file.labels(inputs.features, split) for split in ("train", "test"))
    layer = feature_file.layer_of(inputs.features, "last")
    train, test = (feature_file.features(inputs.features, split, layer, pooling) for split in ("train", "test"))
    standardise = standardisation(train)
    train, test = standardise(train), standardise(test)

    def correct(subset: Tensor, draw: int) -> Tensor:
        features, known = train[subset], labels[subset]
        parts = folds(known, fold_count, inputs.seed, "few_labels_frozen", draw)
        penalty, _ = choose_penalty(features, known, parts, penalties=penalties, tolerance=tolerance)
        return fit(features, known, penalty=penalty, tolerance=tolerance).predict(test) == test_labels

    measures = []
    for fraction in label_fractions:
        subsets = [balanced_subset(labels, fraction, inputs.seed, "labelled", draw) for draw in range(draws)]
        if len(subsets[0]):
            found = torch.stack([correct(subset, draw) for draw, subset in enumerate(subsets)])
            measures.append(accuracy(found.numpy(), label_fraction=fraction))
    if not measures:
        raise NotApplicable(f"{max(label_fractions):g} of {len(labels)} labels is not one of each class")
    return measures
