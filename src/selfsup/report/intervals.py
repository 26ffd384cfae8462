"""The uncertainty in every table: Student's t over pretraining seeds, adjusted over a suite's claims."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import false_discovery_control, nct, t

LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` seeds; ``half_width`` of its 95 % interval is None for one seed, which has no spread."""

    mean: float
    half_width: float | None
    n: int

    @property
    def low(self) -> float:
        """The lower bound, minus infinity with one seed."""
        return self.mean - (math.inf if self.half_width is None else self.half_width)

    @property
    def high(self) -> float:
        """The upper bound, infinity with one seed."""
        return self.mean + (math.inf if self.half_width is None else self.half_width)

    @property
    def standard_error(self) -> float:
        """Of the mean; infinity with one seed."""
        return math.inf if self.half_width is None else self.half_width / quantile(LEVEL, self.n - 1)

    def text(self, decimals: int) -> str:
        """Return the mean, and half the width of the interval where there is one."""
        spread = "" if self.half_width is None else f" ± {self.half_width:.{decimals}f}"
        return f"{self.mean:.{decimals}f}{spread}"


@cache
def quantile(level: float, freedom: int) -> float:
    """Return the value that Student's t of these degrees of freedom is within, in absolute size, with this probability."""
    return float(t.ppf((1 + level) / 2, freedom))


def mean_interval(numbers: Iterable[float], level: float = LEVEL) -> Interval:
    """Return the mean of at least one value with its two-sided t-interval, t(n - 1) s / sqrt(n)."""
    values = list(numbers)
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return Interval(mean, None, n)
    standard_error = float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, quantile(level, n - 1) * standard_error, n)


def paired_interval(first: Mapping[int, float], second: Mapping[int, float]) -> Interval | None:
    """Return the interval of first - second over their common seeds, None without any.

    Two sides of one run share its weights, two runs the seed of their batches; other seeds would be other comparisons.
    """
    common = sorted(first.keys() & second.keys())
    return mean_interval([first[seed] - second[seed] for seed in common]) if common else None


def p_value(difference: Interval, bound: float = 0.0) -> float:
    """Return the two-sided p of a mean of ``bound``, for two seeds or more: below 0.05 if the 95 % interval excludes it."""
    distance = abs(difference.mean - bound)
    if difference.standard_error == 0:
        return float(distance == 0)
    return float(2 * t.sf(distance / difference.standard_error, difference.n - 1))


def q_values(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of a family adjusted for its size: of those below q, a share of at most q is expected to be false.

    Source: Benjamini & Hochberg 1995.
    """
    return [float(q) for q in false_discovery_control(p_values)] if p_values else []


def detectable_difference(difference: Interval) -> float:
    """Return the smallest true difference that as many seeds of this spread find with 80 % power, at 5 %, two-sided."""
    return _noncentrality(difference.n) * difference.standard_error


@cache
def _noncentrality(n: int) -> float:
    """Return the noncentrality at which a t-test of ``n`` differences has POWER, counting the upper tail only."""
    critical = quantile(LEVEL, n - 1)
    return float(brentq(lambda noncentrality: nct.sf(critical, n - 1, noncentrality) - POWER, 0.1, 50.0))
