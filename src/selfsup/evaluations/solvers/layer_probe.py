"""The linear probe of one layer, and which of several layers is read: both chosen on held-out training examples."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from selfsup.evaluations.solvers.logistic_regression import Fit, fit
from selfsup.evaluations.solvers.penalty_choice import choose_penalty
from selfsup.evaluations.solvers.standardisation import standardisation
from selfsup.results import Measure


@dataclass(frozen=True)
class Probe:
    """A layer's probe: the accuracy it was chosen by, its fit on all training examples, its test answers (N,) bool."""

    held_out_accuracy: float
    fit: Fit
    correct: Tensor


def probe(
    train: Tensor,
    test: Tensor,
    train_labels: Tensor,
    test_labels: Tensor,
    held_out: Tensor,
    *,
    penalties: list[float],
    tolerance: float,
) -> Probe:
    """Return the probe of features (N, D) and (M, D): the penalty is the best on ``held_out`` (N,), the fit is on all N."""
    standardise = standardisation(train)
    seen = standardise(train)
    penalty, score = choose_penalty(seen, train_labels, [held_out], penalties=penalties, tolerance=tolerance)
    final = fit(seen, train_labels, penalty=penalty, tolerance=tolerance)
    return Probe(score, final, final.predict(standardise(test)) == test_labels)


def measures(probes: dict[str, Probe], scored: Callable[[np.ndarray, str], Measure]) -> list[Measure]:
    """Return ``top1`` of the layer with the best held-out accuracy (of equals the deeper, which comes later), ``top1``
    of each ``layer``, then the ``penalty``, with the chosen layer, and the largest ``gradient_norm``.

    ``scored`` makes an accuracy of answers' correctness (N,) bool and a layer.
    """
    chosen = max(reversed(probes), key=lambda layer: probes[layer].held_out_accuracy)
    best = scored(probes[chosen].correct.numpy(), "")
    return [
        best,
        *(scored(found.correct.numpy(), layer) for layer, found in probes.items()),
        Measure("penalty", "", probes[chosen].fit.penalty, best.n, layer=chosen),
        Measure("gradient_norm", "", max(found.fit.gradient_norm for found in probes.values()), best.n),
    ]
