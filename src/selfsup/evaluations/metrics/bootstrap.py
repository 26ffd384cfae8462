"""Means, ratios and accuracies over test examples, with 95 % intervals over examples or clusters of them.

The intervals are bootstraps, below FEW_EXAMPLES t-intervals: the 95 % bootstrap of ten normal values covers their mean in
about 90 %.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from selfsup.results import FEW_EXAMPLES, PERCENT, Measure, t_interval

RESAMPLES = 1000
FRAME_RESAMPLES = 2000


def mean(metric: str, unit: str, values: Tensor, **columns: Any) -> Measure:
    """Return the mean of one number per example (N,) with its interval; ``columns`` are other columns of the measure."""
    return ratio(metric, unit, values, torch.ones_like(values), **columns)


def ratio(metric: str, unit: str, numerator: Tensor, denominator: Tensor, **columns: Any) -> Measure:
    """Return the sum over examples of ``numerator`` (N,) over that of ``denominator`` (N,), with its interval."""
    a, b = numerator.double().cpu().numpy(), denominator.double().cpu().numpy()
    low, high = _interval(a, b, RESAMPLES, PERCENT if unit == "%" else (-np.inf, np.inf))
    return Measure(metric, unit, float(a.sum() / b.sum()), len(a), boot_low=low, boot_high=high, **columns)


def frame_accuracy(correct: np.ndarray, utterance: np.ndarray, layer: str = "") -> Measure:
    """Return the accuracy in percent of frames (M,) bool, with the interval over whole utterances.

    ``utterance`` (M,) is the utterance of each frame; ``n`` counts utterances.
    """
    _, row, frames = np.unique(utterance, return_inverse=True, return_counts=True)
    correct_frames = 100.0 * np.bincount(row, weights=correct)
    low, high = _interval(correct_frames, frames, FRAME_RESAMPLES, PERCENT)
    value = 100 * float(correct.mean())
    return Measure("top1", "%", value, len(frames), boot_low=low, boot_high=high, layer=layer)


def _interval(
    a: np.ndarray, b: np.ndarray, resamples: int, limits: tuple[float, float]
) -> tuple[float, float] | tuple[None, None]:
    """Return the interval of the sum of ``a`` (N,) over that of ``b`` (N,)."""
    if len(a) < FEW_EXAMPLES:
        return t_interval(a, b, limits)
    counts = _resampled_counts(len(a), resamples)
    sums = counts @ b
    low, high = np.quantile((counts @ a)[sums > 0] / sums[sums > 0], [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=1)  # one evaluation has many measures of the same examples
def _resampled_counts(n: int, resamples: int) -> np.ndarray:
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
