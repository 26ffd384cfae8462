"""Means and ratios over test examples, with the interval that drawing the examples again gives."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from selfsup.results import Measure

RESAMPLES = 1000


def mean(metric: str, unit: str, values: Tensor, **where: Any) -> Measure:
    """Return the mean of one number an example (N,), and its 95 % bootstrap interval; ``where`` are other columns."""
    return ratio(metric, unit, values, torch.ones_like(values), **where)


def ratio(metric: str, unit: str, above: Tensor, below: Tensor, **where: Any) -> Measure:
    """Return the sum over examples of ``above`` (N,) by that of ``below``, and its 95 % bootstrap interval."""
    a, b, n = above.cpu().numpy(), below.cpu().numpy(), len(above)
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    sums = drawn @ b
    low, high = np.quantile((drawn @ a)[sums > 0] / sums[sums > 0], [0.025, 0.975])
    return Measure(metric, unit, float(a.sum() / b.sum()), n, boot_low=float(low), boot_high=float(high), **where)
