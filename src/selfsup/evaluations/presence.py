"""Presence of classes in images of several objects: a linear classifier for each class, by mean average precision."""

from functools import partial

import torch
from pydantic import PositiveFloat
from torch import Tensor

from selfsup.datasets.prepared import read_split
from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics import average_precision
from selfsup.evaluations.metrics.average_precision import Points, mean_average_precision
from selfsup.evaluations.reading import files
from selfsup.evaluations.reading.objects import objects
from selfsup.evaluations.solvers.logistic_regression import path
from selfsup.evaluations.solvers.probes import SLACK, deepest_best, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure

NEEDS = ("target", "features")
SHOWN = {
    "title": "Presence of classes",
    "headline": "map",
    "metrics": {
        "map": {"title": "mAP", "unit": "%", "better": "higher", "over": ["layer"]},
        "ap": {"title": "{subset}", "unit": "%", "note": "average precision", "better": "higher", "over": ["subset"]},
    },
    "names": {"chance": "any order of the images"},
    "figures": [{"kind": "bars", "metric": "map"}],
    "note": "Of the layer with the best mAP on held-out training images. An image in which all objects of a class are difficult "
    "counts neither for nor against that class.",
}


def evaluate(
    inputs: Inputs,
    *,
    penalties: list[PositiveFloat],
    points: Points,
    held_out_fraction: PositiveFloat,
    pooling: Pooling,
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return ``map``, the mean over classes of the average precision of the best layer and of each ``layer``, ``ap`` of each
    class, as ``subset``, and the ``penalty``.

    Penalty and layer are those with the best mAP on a held-out part of the training images (ties go to the stronger penalty
    and the deeper layer); the final fit is on all. The baseline ``chance`` is the share of images that have a class, the
    expected precision of any order. NotApplicable where the data have no boxes.

    Args:
        penalties: L2 penalties to select from, the same for all classes.
        points: eleven for VOC 2007's interpolation, all for the area.
        held_out_fraction: share of the training images for selecting the penalty and the layer.
        pooling: how a map becomes a vector.
        tolerance: gradient norm at which a fit has converged.

    Source: Everingham et al. 2010 (PASCAL VOC), section 4.2, for the task and its score.
    Differs: classifiers are logistic regressions, where Doersch et al. 2015 and others fine-tune, or fit support vector machines.
    """
    names = read_split(inputs.target / "train.h5", []).classes
    (present, counted), (test_present, test_counted) = (
        presence(inputs, split, len(names)) for split in ("train", "test")
    )
    held = held_out(torch.zeros(len(present), dtype=torch.int64), held_out_fraction, inputs.seed, "presence")
    descending = sorted(penalties, reverse=True)
    selected: dict[str, tuple[float, float]] = {}
    by_layer: dict[str, Tensor] = {}
    for layer in files.layers(inputs.features):
        train, test = standardise(*files.features(inputs.features, layer, pooling))
        scores = _scores(train[~held], present[~held], counted[~held], train[held], descending, SLACK * tolerance)
        maps = [mean_average_precision(score, present[held], points=points, counted=counted[held]) for score in scores]
        penalty = descending[maps.index(max(maps))]
        selected[layer] = (max(maps), penalty)
        (by_layer[layer],) = _scores(train, present, counted, test, [penalty], tolerance)
    best = deepest_best({layer: held_out_map for layer, (held_out_map, _) in selected.items()})
    score = partial(mean_average_precision, positive=test_present, points=points, counted=test_counted)
    examples = len(test_present)
    of_layers = [Measure("map", "%", score(of), examples, layer=layer) for layer, of in by_layer.items()]
    prior = 100 * float((test_present.sum(0) / test_counted.sum(0)).mean())
    return [
        *average_precision.measures(by_layer[best], test_present, names, points=points, counted=test_counted),
        *of_layers,
        Measure("map", "%", prior, examples, baseline="chance"),
        Measure("penalty", "", selected[best][1], examples, layer=best),
    ]


def presence(inputs: Inputs, split: str, classes: int) -> tuple[Tensor, Tensor]:
    """Return bool (N, K): whether an image of a split has an object of a class, and whether it counts for that class."""
    path_of_split = inputs.target / f"{split}.h5"
    all_objects = objects(path_of_split)
    examples = len(read_split(path_of_split, []).key)
    there = torch.zeros(examples, classes, dtype=torch.bool)
    clearly = there.clone()
    there[all_objects.image, all_objects.label] = True
    clear = all_objects.where(~all_objects.difficult)
    clearly[clear.image, clear.label] = True
    if split == "train" and not clearly.any():
        raise NotApplicable("every object of the training images is difficult")
    return clearly, clearly | ~there


def _scores(
    train: Tensor, present: Tensor, counted: Tensor, test: Tensor, penalties: list[float], tolerance: float
) -> list[Tensor]:
    """Return for each penalty the scores (M, K) of test features by a classifier for each class; 0 for a class that all or no
    training images have."""
    scores = [torch.zeros(len(test), present.shape[1], dtype=torch.float64) for _ in penalties]
    for number in range(present.shape[1]):
        rows = counted[:, number]
        labels = present[rows, number].long()
        if labels.min() == labels.max():
            continue
        fits = path(train[rows], labels, penalties=penalties, tolerance=tolerance, coarse=len(penalties) > 1)
        for score, of_penalty in zip(scores, fits, strict=True):
            weight, bias = of_penalty.weight, of_penalty.bias
            score[:, number] = test @ (weight[1] - weight[0]) + bias[1] - bias[0]
    return scores
