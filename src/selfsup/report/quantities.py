"""What can be a column of a table: a metric under a protocol, at one place of the dimensions that it is declared over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from selfsup.config.shown import Metric, Shown
from selfsup.report.content import Group, Scoring
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.rows import absence, select
from selfsup.results import DIMENSIONS

BETTER = {"higher": "higher is better", "lower": "lower is better", "none": ""}
Place = tuple[str | float | None, ...]  # a value for each of DIMENSIONS
NOWHERE: Place = tuple("" if name in ("baseline", "subset", "layer") else None for name in DIMENSIONS)


@dataclass(frozen=True)
class Quantity:
    """One metric of an evaluation or an experiment. ``place`` has the values of DIMENSIONS, those that are empty too."""

    shown: Shown
    metric: str
    place: Place = NOWHERE

    @property
    def declared(self) -> Metric:
        """What its evaluation says of the metric."""
        return self.shown.metrics[self.metric]

    @property
    def where(self) -> dict[str, str | float]:
        """The dimensions that are not empty."""
        return {name: value for name, value in zip(DIMENSIONS, self.place, strict=True) if value not in ("", None)}

    @property
    def headline(self) -> bool:
        """Whether it is a column of the main table: the headline of all, at a number of labels."""
        return self.metric == self.shown.headline and self.where.keys() <= {"label_fraction", "shots"}

    @property
    def key(self) -> str:
        """The end of its address: empty for the headline, else ``/metric``, then ``@`` a number and ``/`` a word."""
        key = "" if self.metric == self.shown.headline else f"/{self.metric}"
        return key + "".join(f"/{v}" if isinstance(v, str) else f"@{v:g}" for v in self.where.values())

    @property
    def title(self) -> str:
        """The metric's name, its threshold in it."""
        return self.declared.title.replace("{at}", f"{self.where.get('at', 0):g}")

    @property
    def labels(self) -> str:
        """The training labels that it sees, in words."""
        if "label_fraction" in self.where:
            return f"{100 * float(self.where['label_fraction']):g} % of labels"
        if "shots" in self.where:
            return f"{self.where['shots']:g} label{'s' * (self.where['shots'] != 1)} a class"
        return self.shown.labels

    @property
    def words(self) -> list[str]:
        """What tells it from the same metric elsewhere, in words."""
        found = [
            self.shown.name(str(self.where[name])) for name in ("baseline", "subset", "layer") if name in self.where
        ]
        return found + ([self.labels] if self.where.keys() & {"label_fraction", "shots"} else [])

    @property
    def note(self) -> str:
        """Unit, direction and the evaluation's own small print."""
        parts = (self.declared.unit, self.declared.note, BETTER[self.declared.better])
        return ", ".join(part for part in parts if part)

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return its rows."""
        return select(rows, metric=self.metric, **dict(zip(DIMENSIONS, self.place, strict=True)))

    def at(self, dimension: str, value: str | float) -> "Quantity":
        """Return the same metric at another place."""
        place = tuple(value if name == dimension else v for name, v in zip(DIMENSIONS, self.place, strict=True))
        return replace(self, place=place)


@dataclass(frozen=True)
class Score:
    """One cell: the result rows of its seeds, their mean and interval, or the reason why there is none."""

    variant: str
    scoring: Scoring
    quantity: Quantity
    rows: pd.DataFrame
    absent: str = ""

    @property
    def key(self) -> str:
        """The name by which placeholders, metrics.json and the page's address call it, e.g. ``fine_tune@0.01``."""
        return f"{self.scoring.key}{self.quantity.key}"

    @property
    def values(self) -> dict[int, float]:
        """The number by seed."""
        return dict(zip(self.rows["seed"].tolist(), self.rows["value"].tolist(), strict=True))

    @property
    def interval(self) -> Interval | None:
        """The mean over seeds, None where nothing was measured."""
        return mean_interval(list(self.values.values())) if len(self.rows) else None


def scored(rows: pd.DataFrame, scoring: Scoring) -> pd.DataFrame:
    """Return the rows of one protocol on one target."""
    return select(rows, protocol=scoring.protocol.name, dataset=scoring.target.name)


def quantities(shown: Shown, rows: pd.DataFrame) -> list[Quantity]:
    """Return what one protocol's rows hold of the declared metrics: metric by metric, words as they come, numbers rising.

    Of the dimensions only those count that the metric is declared over; a single layer is what was answered with.
    """
    found = []
    for metric, declared in shown.metrics.items():
        own = rows[rows["metric"] == metric]
        places = [_place(values) for values in own[list(DIMENSIONS)].drop_duplicates().itertuples(index=False)]
        kept = [Quantity(shown, metric, place) for place in places]
        kept = [quantity for quantity in kept if quantity.where.keys() <= set(declared.over)]
        layers = {quantity.where["layer"] for quantity in kept if "layer" in quantity.where}
        if len(layers) == 1 and not layers & shown.names.keys():
            kept = [quantity for quantity in kept if "layer" not in quantity.where]
        found += sorted(kept, key=_numbers)
    return found


def baselines(shown: Shown, rows: pd.DataFrame) -> list[str]:
    """Return the baselines of one protocol's rows that stand in rows of its table, for none of its metrics in columns."""
    metrics = [metric for metric, declared in shown.metrics.items() if "baseline" not in declared.over]
    return [name for name in dict.fromkeys(rows[rows["metric"].isin(metrics)]["baseline"].tolist()) if name]


def score(group: Group, rows: pd.DataFrame, scoring: Scoring, quantity: Quantity, variant: str) -> Score:
    """Return one variant's number; ``rows`` are those of the scoring."""
    own = rows[rows["variant"] == variant]
    found = quantity.of(own).sort_values("seed")
    reason = ""
    if not len(found):
        reason = (
            ("no such layer" if "layer" in quantity.where else "none") if len(own) else absence(group, variant, scoring)
        )
    return Score(variant, scoring, quantity, found, reason)


def _place(values: Sequence[str | float]) -> Place:
    return tuple(None if isinstance(value, float) and value != value else value for value in values)


def _numbers(quantity: Quantity) -> list[float]:
    return [float(quantity.where.get(name, -1.0)) for name in ("at", "label_fraction", "shots")]
