"""The uncertainty that a table prints: Student's t over pretraining seeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` seeds; ``half_width`` of its 95 % interval is None where one seed tells nothing of spread."""

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


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean of at least one value with its two-sided t-interval, t(n - 1) s / sqrt(n)."""
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return Interval(mean, None, n)
    standard_error = float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, float(t.ppf((1 + level) / 2, n - 1)) * standard_error, n)


def paired_interval(first: Mapping[int, float], second: Mapping[int, float]) -> Interval | None:
    """Return the interval of first - second over the seeds that both have, None where they share none.

    Pairing by seed takes out what a seed does to both, such as the order of the examples.
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        return None
    return mean_interval([first[seed] - second[seed] for seed in common])


def spelled(interval: Interval, decimals: int) -> str:
    """Return the mean, and half the width of its interval where there is one, with so many decimals."""
    spread = "" if interval.half_width is None else f" ± {interval.half_width:.{decimals}f}"
    return f"{interval.mean:.{decimals}f}{spread}"
