"""Factor probes: how well each recorded factor of the images can be read off frozen features by a linear model."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from pydantic import PositiveFloat
from torch import Tensor

from selfsup.errors import InputError
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import ratio
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.logistic_regression import fit
from selfsup.evaluations.solvers.probes import select_penalty, standardise
from selfsup.evaluations.solvers.ridge import ridge_path
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("target", "features")
SHOWN = {
    "title": "Factors of the images",
    "metrics": {
        "accuracy": {"title": "{subset}", "unit": "%", "note": "accuracy", "better": "higher", "over": ["subset"]},
        "r2": {
            "title": "{subset}",
            "unit": "%",
            "note": "R\N{SUPERSCRIPT TWO}",
            "better": "higher",
            "over": ["subset"],
        },
    },
    "names": {
        "constant": "the most frequent category",
        "distractors_in_front": "distractors in front",
        "light_angle_deg": "angle of the light",
        "light_strength": "strength of the light",
        "noise": "camera noise",
        "position_x": "position across",
        "position_y": "position down",
        "rotation_deg": "angle of the object",
    },
    "note": "Each factor is read off the layer that predicts it best on held-out training examples: categories by logistic "
    "regression; numbers by ridge regression, angles and hues as points on a circle. R\N{SUPERSCRIPT TWO} is the share of the "
    "variance that is explained, 0 for the mean.",
}
Layers = Mapping[str, tuple[Tensor, Tensor]]  # standardised features of the training and of the test set


def evaluate(
    inputs: Inputs,
    *,
    periods: dict[str, PositiveFloat],
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    pooling: Pooling,
    layers: list[str] | Literal["all"] = "all",
    tolerance: PositiveFloat,
) -> list[Measure]:
    """Return for each factor, as ``subset``, the ``accuracy`` of a category, that of the most frequent one as baseline
    ``constant``, or ``r2`` of a number, and the ``penalty`` with the selected layer.

    ``r2`` is the share of the test set's variance that is explained, of both coordinates for a point on a circle; that of a
    constant is 0. Penalty and layer are those with the best score on a held-out part of the training set (ties go to the
    deeper layer, then to the stronger penalty); the final fit is on the whole training set. A factor that does not vary is
    left out. NotApplicable where the data record none.

    Args:
        periods: factors that are angles, with the value of a full turn.
        penalties: L2 penalties to select from.
        held_out_fraction: fraction of the training set for selecting the penalty and the layer.
        pooling: how a map becomes a vector.
        layers: names of layers, or all.
        tolerance: gradient norm at which a logistic regression has converged.
    """
    factors = files.factors(inputs.target)
    if unknown := periods.keys() - factors.keys():
        raise InputError(f"key periods names {min(unknown)}, but the data record {', '.join(factors)}; leave it out")
    varying = {name: both for name, both in factors.items() if all(len(np.unique(values)) > 1 for values in both)}
    categories = {name: both for name, both in varying.items() if both[0].dtype.kind in "biu"}
    numbers = {
        name: (coordinates(train, periods.get(name)), coordinates(test, periods.get(name)))
        for name, (train, test) in varying.items()
        if name not in categories
    }
    names = files.resolve_layers(inputs.features, layers)
    features = {name: standardise(*files.features(inputs.features, name, pooling)) for name in reversed(names)}
    examples = len(next(iter(features.values()))[0])
    held = held_out(torch.zeros(examples, dtype=torch.int64), held_out_fraction, inputs.seed, "factors")
    descending = sorted(penalties, reverse=True)
    measures = _numbers(numbers, features, held, descending) if numbers else []
    for name, both in categories.items():
        measures += _category(name, *both, features, held, descending, tolerance)
    return measures


def coordinates(values: np.ndarray, period: float | None) -> Tensor:
    """Return numbers (N,) as targets (N, 1), or as points on a circle (N, 2) where they have a ``period``."""
    numbers = torch.from_numpy(values.astype(np.float64))
    if period is None:
        return numbers[:, None]
    angle_rad = 2 * torch.pi * numbers / period
    return torch.stack([angle_rad.sin(), angle_rad.cos()], 1)


def _category(
    name: str,
    train: np.ndarray,
    test: np.ndarray,
    features: Layers,
    held: Tensor,
    penalties: list[float],
    tolerance: float,
) -> list[Measure]:
    classes, numbers = np.unique(np.concatenate([train, test]), return_inverse=True)
    labels, test_labels = torch.from_numpy(numbers).split([len(train), len(test)])
    selected = {
        layer: select_penalty(x, labels, [held], penalties=penalties, tolerance=tolerance)
        for layer, (x, _) in features.items()
    }
    layer = max(selected, key=lambda layer: selected[layer][1])
    penalty, (x, test_x) = selected[layer][0], features[layer]
    predicted = fit(x, labels, penalty=penalty, tolerance=tolerance).predict(test_x)
    most_frequent = labels.bincount(minlength=len(classes)).argmax()
    return [
        accuracy((predicted == test_labels).numpy(), "accuracy", subset=name),
        accuracy((test_labels == most_frequent).numpy(), "accuracy", subset=name, baseline="constant"),
        Measure("penalty", "", penalty, len(test), subset=name, layer=layer),
    ]


def _numbers(
    factors: dict[str, tuple[Tensor, Tensor]], features: Layers, held: Tensor, penalties: list[float]
) -> list[Measure]:
    """Return the measures of factors with targets (N, t) each, all of which share the decompositions of the features."""
    targets = torch.cat([train for train, _ in factors.values()], 1)
    error = {
        (layer, model.penalty): (targets[held] - model.predict(x[held])).square().sum(0)
        for layer, (x, _) in features.items()
        for model in ridge_path(x[~held], targets[~held], penalties=penalties)
    }
    models = {
        (layer, model.penalty): model
        for layer, (x, _) in features.items()
        for model in ridge_path(x, targets, penalties=penalties)
    }
    measures, first = [], 0
    for name, (train, test) in factors.items():
        columns, first = slice(first, first + train.shape[1]), first + train.shape[1]
        layer, penalty = min(error, key=lambda key: float(error[key][columns].sum()))
        predicted = models[layer, penalty].predict(features[layer][1])[:, columns]
        measures += [
            r2(test, predicted, subset=name),
            Measure("penalty", "", penalty, len(test), subset=name, layer=layer),
        ]
    return measures


def r2(targets: Tensor, predicted: Tensor, **columns: str) -> Measure:
    """Return in percent the share of the variance of targets (N, T), summed over T, that predictions (N, T) explain."""
    residual = (targets - predicted).square().sum(1)
    variance = (targets - targets.mean(0)).square().sum(1)
    return ratio("r2", "%", 100 * (variance - residual), variance, **columns)
