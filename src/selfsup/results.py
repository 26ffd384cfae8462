"""The result row: the one shape in which every evaluation speaks."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = [
    "suite",
    "method",
    "variant",
    "encoder",
    "pretrain_set",
    "seed",
    "evaluation",
    "protocol",
    "dataset",
    "split",
    "layer",
    "label_fraction",
    "metric",
    "unit",
    "value",
    "probe_sd",
    "boot_low",
    "boot_high",
    "n",
    "run",
]


@dataclass(frozen=True)
class Measure:
    """One number of one evaluation of one run.

    ``probe_sd`` is the spread over the evaluation's own draws (label subsets, initialisations);
    ``boot_low`` and ``boot_high`` bound the test-set bootstrap; ``n`` counts test examples.
    """

    metric: str
    unit: str
    value: float
    n: int
    split: str = "test"
    layer: str = ""
    label_fraction: float | None = None
    probe_sd: float | None = None
    boot_low: float | None = None
    boot_high: float | None = None


def accuracy(correct: np.ndarray, metric: str = "top1", **where: Any) -> Measure:
    """Return the accuracy in percent of a boolean vector (N,) with its 95 % bootstrap interval over the examples.

    The bootstrap of a mean of zeros and ones is a binomial draw, so no example is copied.
    """
    n = len(correct)
    value = float(np.mean(correct))
    resampled = np.random.default_rng(0).binomial(n, value, size=2000) / n
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Measure(metric, "%", 100 * value, n, boot_low=100 * float(low), boot_high=100 * float(high), **where)


def write_measures(path: Path, measures: list[Measure], not_applicable: str | None = None) -> None:
    """Write one protocol's measures as JSON with sorted keys and six decimals; NaN is refused."""
    rows = [{key: _rounded(value) for key, value in asdict(measure).items()} for measure in measures]
    text = json.dumps({"measures": rows, "not_applicable": not_applicable}, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else value
    return value
