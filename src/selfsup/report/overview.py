"""The overview: for each group of runs one line with the best method between what needs no training and what has labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from selfsup.report.floors import NOT_ABOVE, floor, not_above_floor
from selfsup.report.group import Group
from selfsup.report.metric_table import families
from selfsup.report.ranking import best_classical, best_first, best_of_role, clearly_better, ranking
from selfsup.report.scores import BETTER, Score, Scores, columns
from selfsup.report.tables import Cell, Column, Table, joined

MAX_NAMES = 4


class Named(NamedTuple):
    """A score with its title: that of its run, or of a baseline."""

    score: Score
    title: str


COLUMNS = [
    Column("data", "pretrained on"),
    Column("protocol", "scored by"),
    Column("chance", "guessing", "most frequent class", numeric=True),
    Column("floor", "untrained", numeric=True),
    Column("classical", "classical", "best row or baseline", numeric=True),
    Column("best", "self-supervised", "best mean", numeric=True),
    Column("labels", "all labels", "same budget", numeric=True),
    Column("above", "clearly above classical"),
]
NOTES = [
    "Clearly above: the 95 % interval of the paired difference over seeds is above zero; with one seed, the difference is.",
]


def overview(
    groups: Sequence[Group],
    scores: Mapping[str, Scores],
    rows: Mapping[str, pd.DataFrame],
    chances: Mapping[str, float | None],
) -> Table:
    """Return a row for each group's first headline, and for the other protocols of its evaluation that all its runs have.

    A group without a headline has a row for the first column of its first table of metrics, with the best of its baselines.
    ``chances`` is what guessing scores, by group.
    """
    found = [
        _row(group, column, classical, chances.get(group.name))
        for group in groups
        for column, classical in _columns(group, scores[group.name], rows[group.name])
    ]
    table = Table("overview", "The best self-supervised method of each table", COLUMNS, found, NOTES)
    return table.select([n for n in range(len(COLUMNS)) if n == 0 or any(row[n].text for row in found)])


def _columns(group: Group, scores: Scores, rows: pd.DataFrame) -> list[tuple[list[Score], Named | None]]:
    """Return the columns of the overview, each with the best of what is classical in it."""
    if listed := headlines(group, scores):
        best = [(column, best_classical(group, column)) for column in listed]
        return [(column, Named(s, group.title(s.variant)) if s else None) for column, s in best]
    for family in families(group, rows)[:1]:
        first = [(row, row.scores[0]) for row in family.rows if row.scores and row.scores[0].interval]
        column = [s for row, s in first if not row.baseline]
        baselines = [Named(s, family.shown.name(row.baseline)) for row, s in first if row.baseline]
        best_baseline = best_first([named.score for named in baselines])[:1]
        if ranking(group, column):
            return [(column, next((named for named in baselines if named.score is best_baseline[0]), None))]
    return []


def headlines(group: Group, scores: Scores) -> list[list[Score]]:
    """Return the columns of the main table that the overview has: none where no self-supervised method has a number."""
    every = list(columns(scores).values())
    complete = [column for column in every if all(score.interval for score in column)]
    first = (complete or every)[:1]
    evaluations = {column[0].scoring.protocol.evaluation for column in first}
    listed = [column for column in complete if column[0].scoring.protocol.evaluation in evaluations] or first
    return [column for column in listed if ranking(group, column)]


def _row(group: Group, column: list[Score], classical: Named | None, chance: float | None) -> list[Cell]:
    ranked = ranking(group, column)
    best = ranked[0]
    untrained = NOT_ABOVE if best.variant in not_above_floor(group, column) else ""
    lower = BETTER["lower"] if best.quantity.spec.better == "lower" else ""
    above = {s.variant for s in ranked if classical and clearly_better(s, classical.score)}
    return [
        Cell(group.name),
        Cell(best.scoring.title, joined(best.quantity.title, best.quantity.spec.unit, lower)),
        Cell("")
        if chance is None or best.scoring.transfer or not best.quantity.headline
        else Cell(f"{chance:.1f}", value=chance),
        _number(group, floor(group, column, best.variant) or best_of_role(group, column, "floor")),
        replace(_number(group, classical.score), note=classical.title) if classical else Cell(""),
        _number(group, best, untrained, strong=best.variant in above),
        _number(group, best_of_role(group, column, "labels")),
        _counted(group, [s.variant for s in ranked], above) if classical else Cell(""),
    ]


def _number(group: Group, score: Score | None, note: str = "", strong: bool = False) -> Cell:
    if score is None or score.interval is None:
        return Cell("")
    return Cell(score.text, joined(group.title(score.variant), note), score.interval.mean, strong)


def _counted(group: Group, variants: list[str], above: set[str]) -> Cell:
    """Return how many of the self-supervised methods are above the best classical row, and the first of them."""
    names = [group.title(variant) for variant in variants if variant in above]
    listed = ", ".join(names[:MAX_NAMES]) + (" \N{HORIZONTAL ELLIPSIS}" if len(names) > MAX_NAMES else "")
    return Cell(f"{len(names)} of {len(variants)}" if names else f"none of {len(variants)}", listed)
