"""Two Gaussian vectors whose mutual information is known in closed form: components correlated by rho, pair by pair."""

import math

import torch
from torch import Tensor


def correlation(information: float, dimensions: int) -> float:
    """Return the rho at which D = ``dimensions`` pairs share ``information`` nats: I = -D/2 log(1 - rho^2)."""
    return math.sqrt(1 - math.exp(-2 * information / dimensions))


def draw(samples: int, dimensions: int, rho: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return x and y (N, D): x ~ N(0, 1), y = rho x + sqrt(1 - rho^2) e.

    Source: Poole et al. 2019, section 3.
    """
    x, noise = torch.randn(2, samples, dimensions, generator=generator)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def optimal_scores(x: Tensor, y: Tensor, rho: float) -> Tensor:
    """Return log p(y_j | x_i) / p(y_j), in nats, at [i, j] of x and y (N, D): the critic that no other surpasses.

    Of a component: -1/2 log(1 - rho^2) - (y - rho x)^2 / (2 (1 - rho^2)) + y^2 / 2. The square is multiplied out, so
    that N x N scores are one product of matrices.
    """
    variance = 1 - rho**2
    crossed = rho * x @ y.T
    squares = rho**2 / 2 * ((x**2).sum(1)[:, None] + (y**2).sum(1))
    return (crossed - squares) / variance - x.shape[1] / 2 * math.log(variance)
