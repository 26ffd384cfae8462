"""Linear probes: standardised features, an L2 penalty selected on held-out examples, and the best of several layers."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from selfsup.evaluations.solvers.logistic_regression import Fit, fit, path
from selfsup.results import Measure

FLOOR = 1e-6  # the weakest penalty that is tried: accuracy then depends on it no more
SLACK = 10  # of the tolerance, for fits that only select: they decide few held-out examples otherwise
# Penalties in a row below the best accuracy, after which no weaker one is tried. On scenes and CIFAR-10 two selected as the
# whole path did in 48 of 48 layers, one in 40, and the weakest fits cost most.
PATIENCE = 2


@dataclass(frozen=True)
class Probe:
    """A linear probe: its accuracy on held-out training examples, its fit on all of them, its correct test answers (M,), and
    whether a weaker penalty was not tried although the weakest was the best."""

    held_out_accuracy: float
    fit: Fit
    correct: Tensor
    at_floor: bool


class Selection(NamedTuple):
    """The penalty with the best accuracy on held-out examples, that accuracy, and the first fit that has it."""

    penalty: float
    accuracy: float
    fit: Fit | None


def standardise(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Return features (N, D) and (M, D) in float64, with mean 0 and deviation 1 over N: penalties are then comparable.

    A feature whose deviation is below the rounding of float32 is constant and becomes 0.
    """
    deviation, mean = torch.std_mean(train.double(), dim=0, correction=0)
    varies = deviation > torch.finfo(torch.float32).eps * mean.abs()
    inverse_deviation = torch.where(varies, 1 / deviation, 0.0)
    return (train.double() - mean) * inverse_deviation, (test.double() - mean) * inverse_deviation


def rescale(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Return features (N, D) and (M, D) in float64, divided by one number: the root of the mean square over N and D is 1, so that
    penalties are comparable, and each feature keeps its mean and its share of the variance."""
    scale = train.double().square().mean().sqrt().clamp(min=1e-12)
    return train.double() / scale, test.double() / scale


def select_penalty(
    features: Tensor,
    labels: Tensor,
    held_out: list[Tensor],
    *,
    penalties: list[float],
    penalty_floor: float = FLOOR,
    tolerance: float,
) -> Selection:
    """Return the penalty with the best accuracy, averaged over the masks (N,) of held-out examples.

    From the strongest to the weakest, and on by half decades to ``penalty_floor`` while the weakest is the best; no further
    after two in a row below the best. Ties go to the stronger penalty; without any mask it is the strongest.
    """
    descending = sorted(penalties, reverse=True)
    if not held_out:
        return Selection(descending[0], 0.0, None)
    tried = [*descending, *_weaker(penalties, penalty_floor)]
    paths = [
        path(features[~m], labels[~m], penalties=tried, tolerance=SLACK * tolerance, coarse=True) for m in held_out
    ]
    accuracies: list[float] = []
    first: list[Fit] = []
    for of_penalty in zip(*paths, strict=True):
        first.append(of_penalty[0])
        shares = [
            (fit.predict(features[mask]) == labels[mask]).double().mean()
            for fit, mask in zip(of_penalty, held_out, strict=True)
        ]
        accuracies.append(float(torch.stack(shares).mean()))
        if _is_over(accuracies, len(descending)):
            break
    best = accuracies.index(max(accuracies))
    return Selection(tried[best], accuracies[best], first[best])


def _weaker(penalties: list[float], floor: float) -> list[float]:
    """Return the penalties below the listed ones by half decades, down to ``floor``."""
    count = math.floor(2 * math.log10(min(penalties) / floor) + 1e-9)
    return [min(penalties) * 10 ** (-number / 2) for number in range(1, count + 1)]


def _is_over(accuracies: list[float], listed: int) -> bool:
    """Return whether a weaker penalty is not worth its fit: the last ones were worse, or the weakest is not the best."""
    best = max(accuracies)
    fallen = len(accuracies) > PATIENCE and max(accuracies[-PATIENCE:]) < best
    return fallen or (len(accuracies) >= listed and accuracies.index(best) < len(accuracies) - 1)


def probe(
    train: Tensor,
    test: Tensor,
    train_labels: Tensor,
    test_labels: Tensor,
    held_out: list[Tensor],
    *,
    penalties: list[float],
    penalty_floor: float = FLOOR,
    tolerance: float,
) -> Probe:
    """Return the probe of standardised features (N, D) and (M, D): penalty by the masks ``held_out``, fit on all N."""
    _, only = best_probe(
        {"": (train, test)},
        train_labels,
        test_labels,
        held_out,
        penalties=penalties,
        penalty_floor=penalty_floor,
        tolerance=tolerance,
    )
    return only


def best_probe(
    layers: dict[str, tuple[Tensor, Tensor]],
    train_labels: Tensor,
    test_labels: Tensor,
    held_out: list[Tensor],
    *,
    penalties: list[float],
    penalty_floor: float = FLOOR,
    tolerance: float,
) -> tuple[str, Probe]:
    """Return the layer with the best accuracy on the masks ``held_out``, as ``deepest_best``, and its probe.

    ``layers`` {name: features (N, D) and (M, D), standardised}, first to last. Without any mask it is the last layer.
    """
    selected = {
        name: select_penalty(
            train, train_labels, held_out, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance
        )
        for name, (train, _) in layers.items()
    }
    layer = deepest_best({name: selection.accuracy for name, selection in selected.items()})
    (train, test), best = layers[layer], selected[layer]
    final = fit(train, train_labels, penalty=best.penalty, tolerance=tolerance, start=best.fit)
    weakest = min([*penalties, *_weaker(penalties, penalty_floor)])
    return layer, Probe(best.accuracy, final, final.predict(test) == test_labels, best.penalty == weakest)


def deepest_best(accuracy: dict[str, float]) -> str:
    """Return the layer with the best accuracy, of layers from first to last; ties go to the deeper."""
    return max(reversed(accuracy), key=lambda layer: accuracy[layer])


def measures(probes: dict[str, Probe], accuracy: Callable[..., Measure]) -> list[Measure]:
    """Return ``top1`` of the layer with the best held-out accuracy (ties go to the deeper, the later), ``top1`` of each
    ``layer``, then the ``penalty``, with the selected layer, and the largest ``gradient_norm``.

    ``penalty_at_floor`` is there only where that penalty is the weakest that may be tried.
    """
    best_layer = deepest_best({layer: layer_probe.held_out_accuracy for layer, layer_probe in probes.items()})
    best, penalty = accuracy(probes[best_layer].correct.numpy()), probes[best_layer].fit.penalty
    return [
        best,
        *(accuracy(layer_probe.correct.numpy(), layer=layer) for layer, layer_probe in probes.items()),
        Measure("penalty", "", penalty, best.n, layer=best_layer),
        *([Measure("penalty_at_floor", "", penalty, best.n, layer=best_layer)] if probes[best_layer].at_floor else []),
        Measure("gradient_norm", "", max(layer_probe.fit.gradient_norm for layer_probe in probes.values()), best.n),
    ]
