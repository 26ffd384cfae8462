"""Average precision of ranked answers, by area and by VOC 2007's eleven points."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from selfsup.results import Measure

Points = Literal["eleven", "all"]
RESAMPLES = 500
ELEVEN = torch.linspace(0, 1, 11, dtype=torch.float64)


def average_precision(score: Tensor, positive: Tensor, *, points: Points, weight: Tensor | None = None) -> float:
    """Return in percent the average precision of answers with a ``score`` (M,), of which ``positive`` (M,) bool are right.

    ``eleven``: the mean of the best precision at recalls of at least 0, 0.1, ... 1 (VOC 2007); ``all``: the mean of the precision
    at each positive. Answers of equal score are ranked together. ``weight`` (M,) counts an answer several times. NaN without
    a positive.

    Source: Everingham et al. 2010 (PASCAL VOC), section 4.2.1.
    """
    weight = torch.ones_like(score, dtype=torch.float64) if weight is None else weight.double()
    order = score.argsort(descending=True, stable=True)
    score, right = score[order], (weight * positive)[order].cumsum(0)
    answers = weight[order].cumsum(0)
    last = torch.cat([score[1:] != score[:-1], torch.ones(1, dtype=torch.bool, device=score.device)])
    right, answers = right[last], answers[last]
    if right[-1] == 0:
        return float("nan")
    precision, recall = right / answers.clamp(min=1), right / right[-1]
    if points == "all":
        gained = torch.diff(recall, prepend=recall.new_zeros(1))
        return 100 * float((gained * precision).sum())
    return eleven_points(precision, recall)


def eleven_points(precision: Tensor, recall: Tensor) -> float:
    """Return in percent the mean of the best precision (M,) at recalls (M,), rising, of at least 0, 0.1, ... 1."""
    best = precision.flip(0).cummax(0).values.flip(0)
    # Recalls are ratios of counts: a point that is reached must not be missed by a rounding.
    first = torch.searchsorted(recall + 1e-9, ELEVEN.to(recall.device))
    return 100 * float(torch.cat([best, best.new_zeros(1)])[first.clamp(max=len(best))].mean())


def mean_average_precision(score: Tensor, positive: Tensor, *, points: Points, counted: Tensor | None = None) -> float:
    """Return the mean over classes (K) that have a positive, of score and positive (M, K); ``counted`` (M, K) bool leaves out
    the other answers of a class."""
    return float(torch.tensor(_by_class(score, positive, points, counted, None)).nanmean())


def measures(score: Tensor, positive: Tensor, names: list[str], *, points: Points, counted: Tensor) -> list[Measure]:
    """Return ``map`` with its interval over the examples (M), and ``ap`` of each class (K) that has a positive."""
    by_class = _by_class(score, positive, points, counted, None)
    rng, n = np.random.default_rng(0), len(score)
    resampled = [
        np.nanmean(_by_class(score, positive, points, counted, torch.from_numpy(rng.multinomial(n, np.full(n, 1 / n)))))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    value = float(np.nanmean(by_class))
    classes = [
        Measure("ap", "%", ap, n, subset=name) for name, ap in zip(names, by_class, strict=True) if not np.isnan(ap)
    ]
    return [Measure("map", "%", value, n, boot_low=float(low), boot_high=float(high)), *classes]


def _by_class(
    score: Tensor, positive: Tensor, points: Points, counted: Tensor | None, weight: Tensor | None
) -> list[float]:
    weights = torch.ones(len(score), dtype=torch.float64) if weight is None else weight.double()
    included = torch.ones_like(positive) if counted is None else counted
    return [
        average_precision(score[:, k], positive[:, k], points=points, weight=weights * included[:, k])
        for k in range(score.shape[1])
    ]
