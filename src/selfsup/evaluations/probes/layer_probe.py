"""The linear probe of one layer, and which of several layers is read: both chosen on held-out training examples."""

from dataclasses import dataclass

from torch import Tensor

from selfsup.evaluations.probes.logistic_regression import Fit, fit
from selfsup.evaluations.probes.penalty_choice import choose_penalty
from selfsup.evaluations.probes.standardisation import standardisation


@dataclass(frozen=True)
class Probe:
    """A layer's probe: the accuracy it was chosen by, its fit on all training examples, its test answers (N,), their truth."""

    held_out_accuracy: float
    fit: Fit
    answers: Tensor
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
    answers = final.predict(standardise(test))
    return Probe(score, final, answers, answers == test_labels)


def chosen_layer(probes: dict[str, Probe]) -> str:
    """Return the layer with the best held-out accuracy; of equals the deeper, which comes later."""
    return max(reversed(probes), key=lambda layer: probes[layer].held_out_accuracy)
