"""Multinomial logistic regression with an L2 penalty, solved to a stated gradient norm, for a path of penalties."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import OptimizeResult, minimize
from torch import Tensor

from selfsup.errors import InputError

HISTORY = 20
MAX_ITERATIONS = 2000
# Rows whose float64 products stay in the cache between the two passes over them: 1.7 times as fast at 40,000 x 512.
BLOCK = 1024


@dataclass(frozen=True)
class Fit:
    """A model, ``weight`` (K, D) and ``bias`` (K,) in float64, and how exactly it minimises its objective.

    ``gradient_norm`` is Euclidean, over the biases and the weights of the centred features.
    """

    penalty: float
    weight: Tensor
    bias: Tensor
    loss: float
    gradient_norm: float
    evaluations: int

    def predict(self, features: Tensor) -> Tensor:
        """Return the class (N,) of each row of features (N, D) float64."""
        return torch.addmm(self.bias, features, self.weight.T).argmax(1)


@dataclass(frozen=True)
class Objective:
    """Mean cross-entropy + penalty / 2 |weight|^2 of ``features`` (N, D) float64 and ``target`` (K, N) one-hot."""

    features: Tensor
    target: Tensor

    def at(self, parameters: Tensor, penalty: float) -> tuple[float, Tensor]:
        """Return the value and the gradient at parameters (K, D + 1), the bias last and without penalty."""
        weight, bias = parameters[:, :-1], parameters[:, -1:]
        slope = torch.zeros_like(parameters)
        total = torch.zeros((), dtype=parameters.dtype)
        for rows, target in zip(self.features.split(BLOCK), self.target.split(BLOCK, 1), strict=True):
            log_probability = torch.addmm(bias, weight, rows.T).log_softmax(0)
            total -= (log_probability * target).sum()
            residual = log_probability.exp_().sub_(target)
            slope[:, :-1].addmm_(residual, rows)
            slope[:, -1] += residual.sum(1)
        slope /= len(self.features)
        slope[:, :-1] += penalty * weight
        return float(total / len(self.features) + 0.5 * penalty * weight.square().sum()), slope


def path(features: Tensor, labels: Tensor, *, penalties: list[float], tolerance: float) -> Iterator[Fit]:
    """Yield the minimiser of mean cross-entropy + penalty / 2 |weight|^2 for each penalty, each started at the last.

    ``features`` (N, D), ``labels`` (N,) int64 from 0 to K - 1. Every fit ends with a gradient norm of at most
    ``tolerance``, or in InputError. In scikit-learn's terms C = 1 / (N penalty).

    L-BFGS runs in the eigenbasis of X'X, where the penalty is unchanged, and each coordinate is divided by the root of
    its curvature at zero weights, e (K - 1) / K^2 + penalty, e the eigenvalue: the condition of the features drops out.
    All in float64, which reaches norms of about 1e-8; in float32 the line search sees no progress below about 1e-5.

    Source: Nocedal and Wright 2006, algorithm 7.5 and section 5.1 (preconditioning), as scipy's L-BFGS-B.
    """
    mean = features.double().mean(0)
    centred = features.double() - mean
    eigenvalues, basis = torch.linalg.eigh(centred.T @ centred / len(centred))
    classes = int(labels.max()) + 1
    target = torch.nn.functional.one_hot(labels, classes).T.to(centred.dtype, memory_format=torch.contiguous_format)
    objective = Objective(centred @ basis, target)
    curvature = (classes - 1) / classes**2 * torch.cat([eigenvalues.clamp(min=0), torch.ones(1)])
    parameters = torch.zeros(classes, len(curvature), dtype=torch.float64)
    for penalty in penalties:
        parameters, evaluations = _minimise(objective, parameters, (curvature + penalty).rsqrt(), penalty, tolerance)
        loss, gradient = objective.at(parameters, penalty)
        if gradient.norm() > tolerance:
            raise InputError(
                f"logistic regression with penalty {penalty:g} stopped at gradient norm {gradient.norm():.1e}, above its "
                f"tolerance {tolerance:g}; raise the evaluation's key tolerance or drop its smallest penalties"
            )
        weight = parameters[:, :-1] @ basis.T
        yield Fit(penalty, weight, parameters[:, -1] - weight @ mean, loss, float(gradient.norm()), evaluations)


def fit(features: Tensor, labels: Tensor, *, penalty: float, tolerance: float) -> Fit:
    """Return the minimiser for one penalty, started at zero; everything else as ``path``."""
    return next(path(features, labels, penalties=[penalty], tolerance=tolerance))


def _minimise(
    objective: Objective, start: Tensor, scale: Tensor, penalty: float, tolerance: float
) -> tuple[Tensor, int]:
    """Return parameters (K, D + 1) found in the coordinates parameters / scale, and the evaluations it took."""
    norm = np.inf

    def scaled(point: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal norm
        value, gradient = objective.at(torch.from_numpy(point).view_as(start) * scale, penalty)
        norm = float(gradient.norm())
        return value, (gradient * scale).numpy().ravel()

    def stop(intermediate_result: OptimizeResult) -> None:
        if norm <= tolerance:  # of the point evaluated last, which is the one the line search accepted
            raise StopIteration

    options = {"maxcor": HISTORY, "maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "ftol": 0.0, "gtol": 0.0}
    first = (start / scale).numpy().ravel()
    result = minimize(scaled, first, method="L-BFGS-B", jac=True, callback=stop, options=options)
    return torch.from_numpy(result.x).view_as(start) * scale, result.nfev
