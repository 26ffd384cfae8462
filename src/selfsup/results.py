"""The result row: the one shape in which every evaluation speaks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

DIMENSIONS = ("baseline", "subset", "at", "layer", "label_fraction", "shots")
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
    "metric",
    *DIMENSIONS,
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

    What the number is of, beside its ``metric``, stands in DIMENSIONS, each empty where it makes no difference:
    ``baseline`` names what was measured instead of the method (``chance``), ``subset`` the part of the examples
    (``two_objects``), ``at`` the threshold or rank that the metric has (0.1 for PCK@0.1), ``layer`` the layer that was
    read where several are reported, ``label_fraction`` the share of the training labels that was seen, ``shots`` the
    number of labelled examples a class.

    ``probe_sd`` is the spread over the evaluation's own draws (label subsets, initialisations); ``boot_low`` and
    ``boot_high`` bound the test-set bootstrap; ``n`` counts test examples.
    """

    metric: str
    unit: str
    value: float
    n: int
    split: str = "test"
    baseline: str = ""
    subset: str = ""
    at: float | None = None
    layer: str = ""
    label_fraction: float | None = None
    shots: int | None = None
    probe_sd: float | None = None
    boot_low: float | None = None
    boot_high: float | None = None


def accuracy(correct: "np.ndarray", metric: str = "top1", **where: Any) -> Measure:
    """Return the accuracy in percent of answers (N,) bool with its 95 % bootstrap interval over the examples.

    Answers of several draws (draws, N) give their mean, with the spread over draws as ``probe_sd``. A resampled set is
    known by how many of its examples were right in 0, 1, ... draws: a multinomial draw, so no example is copied.
    """
    import numpy as np  # here: planning loads this file before a job has fixed numpy's threads

    draws = np.atleast_2d(correct)
    count, n = draws.shape
    levels = np.bincount(draws.sum(0), minlength=count + 1)
    resampled = np.random.default_rng(0).multinomial(n, levels / n, size=2000) @ np.arange(count + 1)
    low, high = np.quantile(resampled, [0.025, 0.975]) * 100 / (n * count)
    spread = float(100 * draws.mean(1).std(ddof=1)) if count > 1 else None
    value = 100 * float(draws.mean())
    return Measure(metric, "%", value, n, probe_sd=spread, boot_low=float(low), boot_high=float(high), **where)


def write_measures(path: Path, measures: list[Measure], not_applicable: str | None = None) -> None:
    """Write one protocol's measures as JSON with sorted keys and eight significant digits; NaN is refused.

    Keys that are None or empty are left out, so that a column added later changes no file that does not use it.
    """
    rows = [
        {key: _rounded(value) for key, value in asdict(measure).items() if value is not None and value != ""}
        for measure in measures
    ]
    text = json.dumps({"measures": rows, "not_applicable": not_applicable}, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.8g}")
    return value
