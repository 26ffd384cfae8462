"""The match error: how far from the truth the found places are, in percent of the image's diagonal."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.results import Measure


def match_error(found: Tensor, truth: Tensor, size: Sequence[int]) -> Tensor:
    """Return (Q,) float64: the distance of places (Q, 2), x y in pixels, in percent of the diagonal of an image of H, W.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: normalised by the image diagonal.
    """
    return (found.double() - truth.double()).norm(dim=1) * 100 / math.hypot(*size)


def measures(errors: list[Tensor], thresholds: list[float], **where: Any) -> list[Measure]:
    """Return ``error``, ``error_median`` and, at each threshold in percent of the diagonal, ``within``.

    ``errors`` has the errors of each pair's queries; a pair counts once, whatever its queries, except in the median.
    The bootstrap, 95 %, is over pairs, ``n`` of them.
    """
    median = float(torch.cat(errors).median())
    return [
        mean_over_pairs("error", "%", [e.mean() for e in errors], **where),
        Measure("error_median", "%", median, len(errors), **where),
        *(
            mean_over_pairs("within", "%", [100 * (e <= t).double().mean() for e in errors], at=t, **where)
            for t in thresholds
        ),
    ]


def mean_over_pairs(metric: str, unit: str, of_pairs: list[Tensor], **where: Any) -> Measure:
    """Return the mean of one number a pair with its bootstrap interval over pairs."""
    return mean(metric, unit, torch.stack(of_pairs).double(), **where)


def quantiles(errors: list[Tensor]) -> np.ndarray:
    """Return the 201 quantiles of all queries' errors, float32: the distribution that a cumulative curve shows."""
    return np.quantile(torch.cat(errors).cpu().numpy(), np.linspace(0, 1, 201)).astype(np.float32)
