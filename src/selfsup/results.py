"""Measures, the numbers that evaluations return, and the columns of results.csv."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FEW_EXAMPLES = 50  # below, intervals over test examples are t-intervals
PERCENT = (0.0, 100.0)
DIMENSIONS = ("baseline", "subset", "at", "layer", "label_fraction", "shots")
COLUMNS = [
    *("suite", "method", "variant", "encoder", "pretrain_set", "seed", "evaluation", "protocol", "dataset", "split"),
    *("metric", *DIMENSIONS, "unit", "value", "probe_sd", "boot_low", "boot_high", "n", "run"),
]


@dataclass(frozen=True)
class Measure:
    """One number of one evaluation of one run.

    The DIMENSIONS qualify its ``metric``, each empty where it makes no difference: ``baseline`` names what was measured
    instead of the method (``chance``), ``subset`` a part of the examples (``two_objects``), ``at`` the threshold, rank or
    weight of the metric (0.1 for PCK@0.1), ``layer`` one of several layers, ``label_fraction`` the share of the training labels,
    ``shots`` the number of labelled examples per class.

    ``probe_sd`` is the spread over the evaluation's draws (label subsets, initialisations); ``boot_low`` and
    ``boot_high`` bound the 95 % interval over ``n`` test examples: a bootstrap, below FEW_EXAMPLES a t-interval.
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
    """Return the accuracy in percent of answers (N,) bool with its 95 % interval over the examples.

    Answers of several draws (draws, N) give their mean, with the spread over draws as ``probe_sd``. The bootstrap
    resamples, from a multinomial, the number of examples that are correct in 0, 1, ... draws.
    """
    import numpy as np  # here, because planning imports this file before a job has set numpy's threads

    draws = np.atleast_2d(correct)
    count, n = draws.shape
    spread = float(100 * draws.mean(1).std(ddof=1)) if count > 1 else None
    value = 100 * float(draws.mean())
    if n < FEW_EXAMPLES:
        low, high = t_interval(100 * draws.mean(0), np.ones(n), PERCENT)
    else:
        levels = np.bincount(draws.sum(0), minlength=count + 1)
        resampled = np.random.default_rng(0).multinomial(n, levels / n, size=2000) @ np.arange(count + 1)
        low, high = map(float, np.quantile(resampled, [0.025, 0.975]) * 100 / (n * count))
    return Measure(metric, "%", value, n, probe_sd=spread, boot_low=low, boot_high=high, **where)


def t_interval(
    numerator: "np.ndarray", denominator: "np.ndarray", limits: tuple[float, float]
) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % t-interval of the sum over examples of ``numerator`` (N,) over that of ``denominator`` (N,), cut at
    the ``limits`` of the quantity; None for a single example. The ratio's deviation is that of its linearisation.

    Source: Cochran 1977 (Sampling techniques), equation 6.13.
    """
    import numpy as np  # as above
    from scipy.special import stdtrit

    n, ratio = len(numerator), numerator.sum() / denominator.sum()
    if n < 2:
        return None, None
    error = np.std((numerator - ratio * denominator) / denominator.mean(), ddof=1) / np.sqrt(n)
    half_width = stdtrit(n - 1, 0.975) * error
    low, high = np.clip([ratio - half_width, ratio + half_width], *limits)
    return float(low), float(high)


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
