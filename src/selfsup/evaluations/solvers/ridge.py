"""Ridge regression in closed form, for a path of penalties."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ridge:
    """A linear model of T targets, ``weight`` (D, T) and ``bias`` (T,) in float64."""

    penalty: float
    weight: Tensor
    bias: Tensor

    def predict(self, features: Tensor) -> Tensor:
        """Return the predictions (N, T) of features (N, D) float64."""
        return torch.addmm(self.bias, features, self.weight)


def ridge_path(features: Tensor, targets: Tensor, *, penalties: list[float]) -> Iterator[Ridge]:
    """Yield the minimiser of mean squared error / 2 + penalty / 2 |weight|^2 for each penalty, the bias without penalty.

    ``features`` (N, D), ``targets`` (N, T). Each target has the solution that it has alone; in scikit-learn's terms alpha = N
    penalty. The features are decomposed once for all penalties.

    Source: Hoerl and Kennard 1970, equation 2.1.
    """
    mean, target_mean = features.double().mean(0), targets.double().mean(0)
    centred = features.double() - mean
    eigenvalues, basis = torch.linalg.eigh(centred.T @ centred / len(centred))
    moments = basis.T @ (centred.T @ (targets.double() - target_mean) / len(centred))
    for penalty in penalties:
        weight = basis @ (moments / (eigenvalues.clamp(min=0) + penalty)[:, None])
        yield Ridge(penalty, weight, target_mean - mean @ weight)
