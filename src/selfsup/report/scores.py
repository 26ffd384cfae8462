"""Scores: what can be a column of a table, and the number of each run in it."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from selfsup.config.shown import Metric, Shown
from selfsup.report.group import Group, Scoring
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.rows import absence, at_dimensions, by_seed, select
from selfsup.report.tables import Cell, joined
from selfsup.results import DIMENSIONS

BETTER = {"higher": "higher is better", "lower": "lower is better", "none": ""}
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Quantity:
    """One metric of an evaluation or an experiment, at the ``dimensions`` that are not empty, in the order of DIMENSIONS."""

    shown: Shown
    metric: str
    dimensions: dict[str, str | float] = field(default_factory=dict)

    @property
    def spec(self) -> Metric:
        """How its evaluation declares the metric."""
        return self.shown.metrics[self.metric]

    @property
    def headline(self) -> bool:
        """Whether it is a column of the main table: the headline metric on all examples, by number of labels."""
        return self.metric == self.shown.headline and self.dimensions.keys() <= {"label_fraction", "shots"}

    @property
    def key(self) -> str:
        """The end of its address: empty for the headline, else ``/metric``, then ``@`` a number and ``/`` a word."""
        key = "" if self.metric == self.shown.headline else f"/{self.metric}"
        return key + "".join(f"/{v}" if isinstance(v, str) else f"@{v:g}" for v in self.dimensions.values())

    @property
    def title(self) -> str:
        """The metric's title, with its threshold, or with the part of the examples or of what is asked."""
        title = self.spec.title.replace("{at}", f"{self.dimensions.get('at', 0):g}")
        return title.replace("{subset}", self.shown.name(str(self.dimensions.get("subset", ""))))

    @property
    def labels(self) -> str:
        """The training labels that it uses, in words."""
        if "label_fraction" in self.dimensions:
            return f"{100 * float(self.dimensions['label_fraction']):g} % of labels"
        if "shots" in self.dimensions:
            return f"{self.dimensions['shots']:g} label{'s' * (self.dimensions['shots'] != 1)} a class"
        return self.shown.labels

    @property
    def qualifiers(self) -> list[str]:
        """What distinguishes it from the same metric at other dimensions, in words, except for what its title says."""
        words = {"baseline", "subset", "layer"} - ({"subset"} if "{subset}" in self.spec.title else set())
        names = [self.shown.name(str(v)) for name, v in self.dimensions.items() if name in words]
        return names + ([self.labels] if self.dimensions.keys() & {"label_fraction", "shots"} else [])

    @property
    def note(self) -> str:
        """Unit, the evaluation's note and the direction."""
        return joined(self.spec.unit, self.spec.note, BETTER[self.spec.better])

    def select(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return its rows."""
        return at_dimensions(select(rows, metric=self.metric), **self.dimensions)

    def at(self, **dimensions: str | float) -> "Quantity":
        """Return the same metric with some other dimensions."""
        values = self.dimensions | dimensions
        return replace(self, dimensions={name: values[name] for name in DIMENSIONS if values.get(name, "") != ""})


@dataclass(frozen=True)
class Score:
    """A quantity of one variant: the result rows of its seeds, or in ``absent`` the reason why there are none, and what its
    evaluation flags."""

    variant: str
    scoring: Scoring
    quantity: Quantity
    rows: pd.DataFrame
    absent: str = ""
    flags: str = ""

    @property
    def key(self) -> str:
        """Its name in placeholders, metrics.json and the page's address, e.g. ``fine_tune@0.01``."""
        return f"{self.scoring.key}{self.quantity.key}"

    @cached_property
    def values(self) -> dict[int, float]:
        """The number by seed."""
        return by_seed(self.rows)

    @cached_property
    def interval(self) -> Interval | None:
        """The mean over seeds, None where nothing was measured."""
        return mean_interval(self.values.values()) if len(self.rows) else None

    @property
    def text(self) -> str:
        """The mean and half the width of its interval, with the decimals of the metric."""
        return self.interval.text(self.quantity.spec.decimals) if self.interval else NOT_MEASURED

    def cell(self, group: Group, note: str = "", strong: bool = False) -> Cell:
        """Return the number as a cell that opens its record; it must have been measured."""
        assert self.interval is not None
        return Cell(self.text, note, self.interval.mean, strong, detail=f"{group.name}/{self.variant}/{self.key}")


Scores = dict[tuple[str, str], Score]


def scored(rows: pd.DataFrame, scoring: Scoring) -> pd.DataFrame:
    """Return the rows of one protocol on one target."""
    return select(rows, protocol=scoring.protocol.name, dataset=scoring.target.name)


def measured_variants(group: Group, rows: pd.DataFrame) -> list[str]:
    """Return the variants that have rows, in the order of the suite."""
    present = set(rows["variant"])
    return [variant for variant in group.variants if variant in present]


def quantities(shown: Shown, rows: pd.DataFrame) -> list[Quantity]:
    """Return the declared metrics in one protocol's rows: metric by metric, words in their order, numbers ascending.

    Only the dimensions that a metric declares count; a single layer is that of the headline.
    """
    columns = []
    for metric, spec in shown.metrics.items():
        values = rows[rows["metric"] == metric][list(DIMENSIONS)].drop_duplicates().to_dict("records")
        every = [
            Quantity(shown, metric, {str(k): v for k, v in row.items() if v != "" and not pd.isna(v)}) for row in values
        ]
        selected = [quantity for quantity in every if quantity.dimensions.keys() <= set(spec.over)]
        layers = {quantity.dimensions["layer"] for quantity in selected if "layer" in quantity.dimensions}
        if len(layers) == 1 and not layers & shown.names.keys():
            selected = [quantity for quantity in selected if "layer" not in quantity.dimensions]
        numeric = ("at", "label_fraction", "shots")
        columns += sorted(selected, key=lambda q: [float(q.dimensions.get(name, -1.0)) for name in numeric])
    return columns


def baselines(shown: Shown, rows: pd.DataFrame) -> list[str]:
    """Return the baselines that are rows of one protocol's table: of the metrics that do not declare them as columns."""
    metrics = [metric for metric, spec in shown.metrics.items() if "baseline" not in spec.over]
    return [name for name in dict.fromkeys(rows[rows["metric"].isin(metrics)]["baseline"].tolist()) if name]


def score(group: Group, rows: pd.DataFrame, scoring: Scoring, quantity: Quantity, variant: str) -> Score:
    """Return one variant's number; ``rows`` are those of the scoring."""
    of_variant = select(rows, variant=variant)
    matching = quantity.select(of_variant).sort_values("seed")
    reason = ""
    if of_variant.empty:
        reason = absence(group, variant, scoring)
    elif matching.empty:
        reason = "no such layer" if "layer" in quantity.dimensions else NOT_MEASURED
    flags = [words for metric, words in quantity.shown.flags.items() if metric in set(of_variant["metric"])]
    return Score(variant, scoring, quantity, matching, reason, joined(*flags) if quantity.headline else "")


def main_columns(group: Group, rows: pd.DataFrame) -> list[tuple[Scoring, Quantity]]:
    """Return the columns of the main table in the suite's order; a protocol that applies to no run has one too."""
    pairs = []
    for scoring in group.scorings:
        shown = scoring.protocol.shown
        if shown.headline:
            measured = [q for q in quantities(shown, scored(rows, scoring)) if q.headline]
            pairs += [(scoring, quantity) for quantity in measured or [Quantity(shown, shown.headline)]]
    return pairs


def main_scores(group: Group, rows: pd.DataFrame) -> Scores:
    """Return the scores of the main table by (variant, key), column by column."""
    scores = [
        score(group, scored(rows, scoring), scoring, quantity, variant)
        for scoring, quantity in main_columns(group, rows)
        for variant in group.variants
    ]
    return {(s.variant, s.key): s for s in scores}


def columns(scores: Scores) -> dict[str, list[Score]]:
    """Return the scores of the main table by column, in their order."""
    by_key: dict[str, list[Score]] = {}
    for (_, key), one in scores.items():
        by_key.setdefault(key, []).append(one)
    return by_key
