"""Few-shot linear probes: a few labelled images per class on frozen features, to compare with zero-shot classification."""

from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import FLOOR, probe, standardise
from selfsup.evaluations.solvers.splits import folds, ranks
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Few-shot probes",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["shots"]}},
    "reference": "zero_shot",
    "figures": [{"kind": "lines", "metric": "top1", "over": "shots"}],
    "note": "Probes of the frozen image encoder, all on the same test images.",
}


def evaluate(
    inputs: Inputs,
    *,
    shots: list[PositiveInt],
    draws: PositiveInt,
    fold_count: PositiveInt,
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    layer: str,
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``top1`` for each number of labelled images per class: the mean over draws, their spread as ``probe_sd``.

    The images of fewer shots are among those of more; draws are independent, and the same for every method of a seed.
    The penalty is cross-validated within the shots; with one shot it is the strongest. Features are standardised by all
    training images, which needs no label. Numbers above the size of a class are left out; NotApplicable where all are.

    Args:
        shots: labelled images of each class.
        draws: independent draws of the labelled subset.
        fold_count: folds of the cross-validation of the penalty.
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        layer: name of a layer, or last.
        pooling: how a map becomes a vector.
        tolerance: gradient norm at which a fit has converged.

    Source: Radford et al. 2021 (CLIP), section 3.1.5 and figure 6.
    """
    labels, test_labels = files.labels(inputs.features)
    layer = files.resolve_layer(inputs.features, layer)
    train, test = standardise(*files.features(inputs.features, layer, pooling))
    counts = [count for count in shots if count <= int(labels.bincount().min())]
    if not counts:
        raise NotApplicable(f"some class has fewer than {min(shots)} training images")
    fitted = partial(probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    measures = []
    for count in counts:
        correct = []
        for draw in range(draws):
            subset = ranks(labels, inputs.seed, "few_shot", draw) < count
            x, y = train[subset], labels[subset]
            held = folds(y, fold_count, inputs.seed, "few_shot_folds", draw)
            correct.append(fitted(x, test, y, test_labels, held).correct)
        measures.append(accuracy(torch.stack(correct).numpy(), shots=count))
    return measures
