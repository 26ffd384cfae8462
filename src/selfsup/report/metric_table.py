"""Tables of metrics by variants, with baselines and the reference level that an evaluation is compared with."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from selfsup.config.shown import Shown
from selfsup.report.group import Group, Scoring
from selfsup.report.rows import NOT_EVALUATED, absence
from selfsup.report.scores import Quantity, Score, baselines, measured_variants, quantities, score, scored
from selfsup.report.tables import Cell, Column, Table, capitalized, joined


@dataclass(frozen=True)
class Row:
    """The scores of a variant, or of a baseline measured beside it, one for each column."""

    scoring: Scoring
    variant: str
    baseline: str
    scores: list[Score]


@dataclass(frozen=True)
class Family:
    """The protocols with measures whose evaluations have one title: they share a table and figures.

    ``columns`` are the quantities that are not in the main table, or have baselines.
    """

    shown: Shown
    scorings: list[Scoring]
    columns: list[Quantity]
    rows: list[Row]


def families(group: Group, rows: pd.DataFrame) -> list[Family]:
    """Return the families of a group, in the order of the suite."""
    by_title: dict[str, list[Scoring]] = {}
    for scoring in group.scorings:
        if len(scored(rows, scoring)):
            by_title.setdefault(scoring.protocol.shown.title, []).append(scoring)
    return [_family(group, rows, scorings) for scorings in by_title.values()]


def _family(group: Group, rows: pd.DataFrame, scorings: list[Scoring]) -> Family:
    shown = scorings[0].protocol.shown
    columns = {
        quantity.key: quantity
        for measured in (scored(rows, scoring) for scoring in scorings)
        for quantity in _columns(shown, measured)
    }
    table_rows = [row for scoring in scorings for row in _rows(group, rows, scoring, list(columns.values()))]
    return Family(shown, scorings, list(columns.values()), table_rows)


def _columns(shown: Shown, measured: pd.DataFrame) -> list[Quantity]:
    """Return the quantities of one protocol that are columns of the family's table."""
    in_main_table = not baselines(shown, measured)
    hidden = _single_layers(measured) - shown.names.keys()
    every = [q for q in quantities(shown, measured) if q.dimensions.get("layer") not in hidden]
    return [quantity for quantity in every if not (quantity.headline and in_main_table)]


def _single_layers(rows: pd.DataFrame) -> set[str]:
    """Return the layers of variants without a second one, e.g. ``pixels`` of a fixed encoder: the headline has their number."""
    layers = rows[rows["layer"] != ""].groupby("variant")["layer"].unique()
    several = {layer for of_variant in layers if len(of_variant) > 1 for layer in of_variant}
    return {layer for of_variant in layers for layer in of_variant} - several


def _rows(group: Group, rows: pd.DataFrame, scoring: Scoring, columns: list[Quantity]) -> Iterator[Row]:
    """Yield the variants that have numbers, then the baselines of the first of them."""
    measured = scored(rows, scoring)
    variants = measured_variants(group, measured)
    beside = [(variants[0], name) for name in baselines(scoring.protocol.shown, measured)]
    for variant, baseline in [*((variant, "") for variant in variants), *beside]:
        at_baseline = [quantity.at(baseline=baseline) if baseline else quantity for quantity in columns]
        scores = [score(group, measured, scoring, quantity, variant) for quantity in at_baseline]
        if any(s.interval for s in scores):
            yield Row(scoring, variant, baseline, scores)


def metric_table(group: Group, family: Family, rows: pd.DataFrame) -> Table:
    """Return the family's table; it has no rows where all its numbers are in the main table."""
    shown, one_metric = family.shown, len({quantity.title for quantity in family.columns}) == 1
    several = len({row.scoring.key for row in family.rows}) > 1
    level = reference(group, rows, shown)
    headings = [Column("method", "method"), *([Column("protocol", "protocol")] if several else [])]
    headings += level.headings() if level else []
    headings += [_heading(quantity, one_metric) for quantity in family.columns]
    over = "mean ± half the width of the 95 % t-interval over seeds" if group.repeated else "one seed"
    measured = f"{family.columns[0].title}, {family.columns[0].note}; {over}" if one_metric else over
    notes = [f"{capitalized(measured)}.", shown.note, level.note if level else "", *_excluded(group, family, rows)]
    return Table(
        f"{family.scorings[0].slug}-{group.name}",
        f"{shown.title} {group.scored_on(family.scorings)}",
        headings,
        [_cells(group, row, several, level) for row in family.rows],
        [note for note in notes if note],
    )


def _heading(quantity: Quantity, one_metric: bool) -> Column:
    """Return a column's heading; where all are of one metric it is what distinguishes the column."""
    words = ", ".join(quantity.qualifiers) or quantity.shown.names.get("", "")
    if one_metric and not words and "baseline" in quantity.spec.over:
        words = "the method"
    text = words if one_metric and words else quantity.title
    note = "" if text == words else joined(words, quantity.note)
    key = quantity.key.removeprefix("/") or quantity.metric
    return Column(key, text, note, numeric=True, lower=quantity.spec.better == "lower")


def _cells(group: Group, row: Row, several: bool, level: "Reference | None") -> list[Cell]:
    name, note = group.title(row.variant), group.anchor(row.variant)
    if row.baseline:
        name, note = row.scoring.protocol.shown.name(row.baseline), f"baseline, beside {name}"
    protocol = [Cell(row.scoring.title)] if several else []
    compared = level.cells(group, row.variant, row.scores) if level else []
    cells = [s.cell(group) if s.interval else Cell("" if row.baseline else s.absent, absent=True) for s in row.scores]
    return [Cell(name, note), *protocol, *compared, *cells]


def _excluded(group: Group, family: Family, rows: pd.DataFrame) -> list[str]:
    """Return a sentence for each reason why variants have no numbers, except that the suite does not evaluate them."""
    reasons: dict[str, list[str]] = {}
    for scoring in family.scorings:
        measured = set(scored(rows, scoring)["variant"])
        for variant in [variant for variant in group.variants if variant not in measured]:
            reasons.setdefault(absence(group, variant, scoring), []).append(group.title(variant))
    reasons.pop(NOT_EVALUATED, None)
    return [f"{capitalized(reason)} ({', '.join(dict.fromkeys(names))})." for reason, names in reasons.items()]


@dataclass(frozen=True)
class Reference:
    """The reference's scores by variant, of those that have one."""

    scoring: Scoring
    scores: dict[str, Score]

    @property
    def note(self) -> str:
        """What the second column means."""
        title = self.scoring.title
        return f"Equal to {title}: where the line between the means, over the logarithm of the axis, crosses it."

    def headings(self) -> list[Column]:
        """Return two columns: the level, and where it is reached."""
        title, labels = self.scoring.title, next(iter(self.scores.values())).quantity.labels
        return [
            Column(self.scoring.key, title, labels, numeric=True),
            Column("equal", f"equal to {title}", numeric=True),
        ]

    def cells(self, group: Group, variant: str, scores: Sequence[Score]) -> list[Cell]:
        """Return the two cells of a variant with these scores along the axis."""
        level = self.scores.get(variant)
        if level is None or level.interval is None:
            return [Cell("", absent=True)] * 2
        measured = [(s.quantity.dimensions, s.interval.mean) for s in scores if s.interval]
        curve = {float(d.get("at") or d.get("label_fraction") or d["shots"]): mean for d, mean in measured}
        return [level.cell(group), _equal(level.interval.mean, curve)]

    def levels(self, variant: str, name: str) -> dict[str, float]:
        """Return a variant's level by its label in a figure; empty where it has none."""
        level = self.scores.get(variant)
        return {f"{name}: {self.scoring.title}": level.interval.mean} if level and level.interval else {}


def reference(group: Group, rows: pd.DataFrame, shown: Shown) -> Reference | None:
    """Return the reference that an evaluation declares; None without one, or where the group has no number of it."""
    for scoring in group.scorings:
        if shown.reference and scoring.protocol.evaluation == shown.reference:
            headline = Quantity(scoring.protocol.shown, scoring.protocol.shown.headline)
            every = [score(group, scored(rows, scoring), scoring, headline, variant) for variant in group.variants]
            if measured := {s.variant: s for s in every if s.interval}:
                return Reference(scoring, measured)
    return None


def equal_at(level: float, curve: dict[float, float]) -> float:
    """Return where a rising curve {position: mean} reaches a level: 0 below its first mean, infinite above its last.

    Between two positions the mean is a straight line over the logarithm of the position.
    Source: Radford et al. 2021 (CLIP), section 3.1.5, figure 7.
    """
    points = sorted(curve.items())
    if level < points[0][1]:
        return 0.0
    for (few, low), (many, high) in itertools.pairwise(points):
        if low <= level < high:
            share = (level - low) / (high - low)
            return math.exp((1 - share) * math.log(few) + share * math.log(many))
    return points[-1][0] if level == points[-1][1] else math.inf


def _equal(level: float, curve: dict[float, float]) -> Cell:
    position = equal_at(level, curve)
    if position == 0:
        return Cell(f"below {min(curve):g}", value=0.0)
    if math.isinf(position):
        return Cell(f"above {max(curve):g}", value=2.0 * max(curve))
    return Cell(f"{position:.1f}", value=position)
