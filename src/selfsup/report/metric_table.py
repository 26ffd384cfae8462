"""Metrics by variants: one table for each evaluation that measures more than its headline, with its baselines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from selfsup.config.shown import Shown
from selfsup.report.content import Group, Scoring
from selfsup.report.headline import anchor
from selfsup.report.intervals import spelled
from selfsup.report.quantities import Quantity, Score, baselines, quantities, score, scored
from selfsup.report.reference import Reference, reference
from selfsup.report.rows import absence
from selfsup.report.tables import Cell, Column, Table


@dataclass(frozen=True)
class Line:
    """One row: a variant, or a baseline that was measured beside it, with a score for each column of the table."""

    scoring: Scoring
    variant: str
    baseline: str
    scores: list[Score]


@dataclass(frozen=True)
class Family:
    """The protocols of a group whose evaluations have one title, those that measured something: they share a table and
    figures. ``columns`` are what does not stand in the main table, or has baselines to stand below it."""

    shown: Shown
    scorings: list[Scoring]
    columns: list[Quantity]
    lines: list[Line]


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
        (quantity.metric, quantity.place): quantity
        for own in (scored(rows, scoring) for scoring in scorings)
        for quantity in quantities(shown, own)
        if not quantity.headline or baselines(shown, own)
    }
    lines = [line for scoring in scorings for line in _lines(group, rows, scoring, list(columns.values()))]
    return Family(shown, scorings, list(columns.values()), lines)


def _lines(group: Group, rows: pd.DataFrame, scoring: Scoring, columns: list[Quantity]) -> Iterator[Line]:
    """Yield the variants that have numbers, then the baselines of the first of them."""
    own = scored(rows, scoring)
    variants = [variant for variant in group.variants if variant in set(own["variant"])]
    beside = [(variants[0], name) for name in baselines(scoring.protocol.shown, own)]
    for variant, name in [*((variant, "") for variant in variants), *beside]:
        places = [quantity.at("baseline", name) if name else quantity for quantity in columns]
        found = [score(group, own, scoring, quantity, variant) for quantity in places]
        if any(one.interval for one in found):
            yield Line(scoring, variant, name, found)


def metric_table(group: Group, family: Family, rows: pd.DataFrame) -> Table:
    """Return the family's table; it has no rows where all its numbers stand in the main table."""
    shown, alone = family.shown, len({quantity.title for quantity in family.columns}) == 1
    several = len({line.scoring.key for line in family.lines}) > 1
    level = reference(group, rows, shown)
    headings = [Column("method", "method"), *([Column("protocol", "protocol")] if several else [])]
    headings += level.headings() if level else []
    headings += [heading(quantity, alone) for quantity in family.columns]
    over = "mean ± half the width of the 95 % t-interval over seeds" if len(group.seeds) > 1 else "one seed"
    measured = f"{family.columns[0].title}, {family.columns[0].note}; {over}" if alone else over
    notes = [f"{measured[0].upper()}{measured[1:]}.", shown.note, level.note() if level else ""]
    return Table(
        f"{family.scorings[0].slug}-{group.name}",
        f"{shown.title} on {group.name}",
        headings,
        [_row(group, line, several, level) for line in family.lines],
        [*(note for note in notes if note), *_left_out(group, family)],
    )


def heading(quantity: Quantity, alone: bool) -> Column:
    """Return a column's heading; where all are of one metric, ``alone``, it is what tells it from the others."""
    words = ", ".join(quantity.words) or quantity.shown.names.get("", "")
    if alone and not words and "baseline" in quantity.declared.over:
        words = "the method"
    text = words if alone and words else quantity.title
    note = "" if text == words else ", ".join(part for part in (words, quantity.note) if part)
    key = quantity.key.removeprefix("/") or quantity.metric
    return Column(key, text, note, numeric=True, lower=quantity.declared.better == "lower")


def _row(group: Group, line: Line, several: bool, level: Reference | None) -> list[Cell]:
    name, note = group.title(line.variant), anchor(group, line.variant)
    if line.baseline:
        name, note = line.scoring.protocol.shown.name(line.baseline), f"baseline, beside {name}"
    protocol = [Cell(line.scoring.title)] if several else []
    compared = level.cells(group, line.variant, line.scores) if level else []
    return [Cell(name, note), *protocol, *compared, *_cells(group, line)]


def _cells(group: Group, line: Line) -> list[Cell]:
    cells = []
    for one in line.scores:
        if one.interval is None:
            cells.append(Cell("" if line.baseline else one.absent, absent=True))
        else:
            text = spelled(one.interval, one.quantity.declared.decimals)
            cells.append(Cell(text, value=one.interval.mean, detail=f"{group.name}/{one.variant}/{one.key}"))
    return cells


def _left_out(group: Group, family: Family) -> Sequence[str]:
    """Return a sentence for each reason why variants that were asked have no row."""
    reasons: dict[str, list[str]] = {}
    for scoring in family.scorings:
        shown = {line.variant for line in family.lines if line.scoring is scoring}
        for variant in [variant for variant in group.variants if variant not in shown]:
            reasons.setdefault(absence(group, variant, scoring), []).append(group.title(variant))
    reasons.pop("not asked of this run", None)
    return [
        f"{reason[0].upper()}{reason[1:]} ({', '.join(dict.fromkeys(names))})." for reason, names in reasons.items()
    ]
