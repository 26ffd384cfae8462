"""Few labels, frozen features: a linear probe of the best layer on a small, class-balanced part of the labels."""

from collections import Counter
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, best_probe, standardise
from selfsup.evaluations.solvers.splits import balanced_subset, folds
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Few labels",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["label_fraction"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "label_fraction"}],
    "note": "Layer and penalty are cross-validated within the labelled images.",
}


def evaluate(
    inputs: Inputs,
    *,
    label_fractions: list[PositiveFloat],
    draws: PositiveInt,
    fold_count: PositiveInt,
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    layer: str = "best",
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` for each label fraction: the mean over draws of the labelled subset, their spread as ``probe_sd``.

    Subsets are class-balanced, nested over the fractions of a draw, independent between draws, and the same for every
    method of a seed. Penalty and layer are cross-validated within the subset (ties go to the stronger penalty and the deeper
    layer), with one example per class the strongest and the last; ``draws`` counts by ``layer`` in how many it was best.
    Features are standardised by all training images, which needs no label. A fraction of less than half an example per
    class is left out; NotApplicable where all are.

    Args:
        label_fractions: fractions of the training labels.
        draws: independent draws of the labelled subset.
        fold_count: folds of the cross-validation of the penalty.
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        layer: best, last, or the name of a layer.
        pooling: how a map becomes a vector.
        tolerance: gradient norm at which a fit has converged.

    Source: Chen et al. 2020 (SimCLR), section 6 and appendix B.5, for balanced subsets of 1 % and 10 %.
    """
    labels, test_labels = files.labels(inputs.features)
    names = files.candidates(inputs.features, layer)
    layers = {name: standardise(*files.features(inputs.features, name, pooling)) for name in names}
    fitted = partial(best_probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    measures = []
    for fraction in label_fractions:
        subsets = [balanced_subset(labels, fraction, inputs.seed, "labelled", draw) for draw in range(draws)]
        if not len(subsets[0]):
            continue
        probes = []
        for draw, subset in enumerate(subsets):
            held = folds(labels[subset], fold_count, inputs.seed, "few_labels_frozen", draw)
            labelled = {name: (train[subset], test) for name, (train, test) in layers.items()}
            probes.append(fitted(labelled, labels[subset], test_labels, held))
        top1 = accuracy(torch.stack([best.correct for _, best in probes]).numpy(), label_fraction=fraction)
        counts = Counter(name for name, _ in probes)
        drawn = [Measure("draws", "", counts[name], top1.n, layer=name, label_fraction=fraction) for name in counts]
        measures += [top1, *drawn]
    if not measures:
        raise NotApplicable(f"{max(label_fractions):g} of {len(labels)} labels is not one of each class")
    return measures
