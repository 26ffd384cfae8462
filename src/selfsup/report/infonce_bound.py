"""The InfoNCE bound in numbers: estimates of a known mutual information against min(I, log N)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from selfsup.report.intervals import Interval, mean_interval, spelled
from selfsup.report.tables import Cell, Column, Table

NAME = "infonce_bound"
CRITICS = {"estimate_optimal": "optimal critic", "estimate_learned": "learned critic"}


@dataclass(frozen=True)
class Estimate:
    """Estimates at one information I in nats and one batch size N, by metric, over seeds."""

    information: float
    batch_size: int
    log_n: float
    critics: dict[str, Interval]

    @property
    def bound(self) -> float:
        """What no InfoNCE estimate exceeds in expectation, nats."""
        return min(self.information, self.log_n)


def estimates(rows: pd.DataFrame) -> list[Estimate]:
    """Return an estimate for each layer ``<I>/<N>`` of the experiment's rows, by I and then N."""
    found = []
    for layer, part in rows.groupby("layer", sort=False):
        values = {str(metric): own["value"].tolist() for metric, own in part.groupby("metric", sort=False)}
        critics = {metric: mean_interval(values[metric]) for metric in CRITICS if metric in values}
        batch_size = int(str(layer).split("/")[1])
        found.append(Estimate(values["information"][0], batch_size, values["log_n"][0], critics))
    return sorted(found, key=lambda estimate: (estimate.information, estimate.batch_size))


def infonce_bound_table(found: Sequence[Estimate]) -> Table:
    """Return a row for each I and N; all in nats."""
    columns = [
        Column("information", "information I", "nats", numeric=True),
        Column("batch_size", "batch size N", numeric=True),
        Column("log_n", "log N", "nats", numeric=True),
        Column("bound", "min(I, log N)", "nats", numeric=True),
        *(Column(metric, name, "nats", numeric=True) for metric, name in CRITICS.items()),
    ]
    body = [
        [
            Cell(f"{e.information:.4g}", value=e.information),
            Cell(str(e.batch_size), value=e.batch_size),
            Cell(f"{e.log_n:.2f}", value=e.log_n),
            Cell(f"{e.bound:.2f}", value=e.bound),
            *(_cell(e.critics.get(metric)) for metric in CRITICS),
        ]
        for e in found
    ]
    notes = ["Correlated Gaussians whose mutual information is known; mean ± half the 95 % t-interval over seeds."]
    return Table(NAME, "The InfoNCE estimate of a known mutual information", columns, body, notes)


def _cell(interval: Interval | None) -> Cell:
    return Cell("not measured", absent=True) if interval is None else Cell(spelled(interval, 2), value=interval.mean)
