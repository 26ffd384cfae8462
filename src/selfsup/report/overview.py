"""The overview: for each group of runs one line with the best method between what needs no training and what has labels."""

from collections.abc import Mapping, Sequence

from selfsup.report.floors import NOT_ABOVE, floor, not_above_floor
from selfsup.report.group import Group
from selfsup.report.ranking import above_classical, best_classical, best_of_role, ranking
from selfsup.report.scores import Score, Scores, columns
from selfsup.report.tables import Cell, Column, Table, joined

MAX_NAMES = 4
COLUMNS = [
    Column("data", "pretrained on"),
    Column("protocol", "scored by"),
    Column("chance", "guessing", "most frequent class", numeric=True),
    Column("floor", "untrained", numeric=True),
    Column("classical", "classical", "best row", numeric=True),
    Column("best", "self-supervised", "best mean", numeric=True),
    Column("labels", "all labels", "same budget", numeric=True),
    Column("above", "clearly above classical"),
]
NOTES = [
    "Clearly above: the 95 % interval of the paired difference over seeds is above zero; with one seed, the difference is.",
]


def overview(groups: Sequence[Group], scores: Mapping[str, Scores], chances: Mapping[str, float | None]) -> Table:
    """Return a row for each group's first headline, and for the other protocols of its evaluation that all its runs have.

    ``chances`` is what guessing scores, by group.
    """
    rows = [
        _row(group, column, chances.get(group.name))
        for group in groups
        for column in headlines(group, scores[group.name])
    ]
    table = Table("overview", "The best self-supervised method of each table", COLUMNS, rows, NOTES)
    return table.select([n for n in range(len(COLUMNS)) if n == 0 or any(row[n].text for row in rows)])


def headlines(group: Group, scores: Scores) -> list[list[Score]]:
    """Return the columns of the main table that the overview has: none where no self-supervised method has a number."""
    every = list(columns(scores).values())
    complete = [column for column in every if all(score.interval for score in column)]
    first = (complete or every)[:1]
    evaluations = {column[0].scoring.protocol.evaluation for column in first}
    listed = [column for column in complete if column[0].scoring.protocol.evaluation in evaluations] or first
    return [column for column in listed if ranking(group, column)]


def _row(group: Group, column: list[Score], chance: float | None) -> list[Cell]:
    best, classical = ranking(group, column)[0], best_classical(group, column)
    untrained = NOT_ABOVE if best.variant in not_above_floor(group, column) else ""
    above = above_classical(group, column)
    return [
        Cell(group.name),
        Cell(best.scoring.title, joined(best.quantity.title, best.quantity.spec.unit)),
        Cell("") if chance is None or best.scoring.transfer else Cell(f"{chance:.1f}", value=chance),
        _number(group, floor(group, column, best.variant) or best_of_role(group, column, "floor")),
        _number(group, classical),
        _number(group, best, untrained, strong=best.variant in above),
        _number(group, best_of_role(group, column, "labels")),
        _counted(group, [s.variant for s in ranking(group, column)], above) if classical else Cell(""),
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
