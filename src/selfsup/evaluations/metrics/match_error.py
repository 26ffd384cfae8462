"""The match error: the distance of matched positions from the true ones, in percent of the image's diagonal."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.results import Measure


def match_error(positions: Tensor, truth: Tensor, size: Sequence[int]) -> Tensor:
    """Return (Q,) float64: the distance of positions (Q, 2), x y in pixels, in percent of the diagonal of H x W pixels.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: normalised by the image diagonal.
    """
    return (positions.double() - truth.double()).norm(dim=1) * 100 / math.hypot(*size)


def measures(errors: list[Tensor], thresholds: list[float], **columns: Any) -> list[Measure]:
    """Return ``error``, ``error_median`` and, at each threshold in percent of the diagonal, ``within``.

    ``errors`` are those of each pair's queries; every pair has the same weight, except in the median. The 95 % bootstrap
    is over pairs, ``n`` of them.
    """
    median = float(torch.cat(errors).median())
    return [
        mean_over_pairs("error", "%", [e.mean() for e in errors], **columns),
        Measure("error_median", "%", median, len(errors), **columns),
        *(
            mean_over_pairs("within", "%", [100 * (e <= t).double().mean() for e in errors], at=t, **columns)
            for t in thresholds
        ),
    ]


def mean_over_pairs(metric: str, unit: str, values: list[Tensor], **columns: Any) -> Measure:
    """Return the mean of one number per pair with its bootstrap interval over pairs."""
    return mean(metric, unit, torch.stack(values).double(), **columns)


def quantiles(errors: list[Tensor]) -> np.ndarray:
    """Return the 201 quantiles of all queries' errors, float32, for a cumulative curve."""
    return np.quantile(torch.cat(errors).cpu().numpy(), np.linspace(0, 1, 201)).astype(np.float32)
