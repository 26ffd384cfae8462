"""The penalty of a logistic regression, chosen on examples that the fit does not see."""

import torch
from torch import Tensor

from selfsup.evaluations.solvers.logistic_regression import path


def choose_penalty(
    features: Tensor, labels: Tensor, held_out: list[Tensor], *, penalties: list[float], tolerance: float
) -> tuple[float, float]:
    """Return the penalty with the best accuracy, averaged over the masks (N,) of held-out examples, and that accuracy.

    Equal accuracies go to the stronger penalty; so does a choice without any mask.
    """
    falling = sorted(penalties, reverse=True)
    accuracy = torch.zeros(len(falling), dtype=torch.float64)
    for mask in held_out:
        fits = path(features[~mask], labels[~mask], penalties=falling, tolerance=tolerance)
        right = [fit.predict(features[mask]) == labels[mask] for fit in fits]
        accuracy += torch.stack(right).double().mean(1) / len(held_out)
    best = int(accuracy.argmax())
    return falling[best], float(accuracy[best])
