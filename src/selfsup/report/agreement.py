"""Does the protocol decide? How far two columns of a group's main table put its methods in the same order."""

import math

from scipy.stats import kendalltau

from selfsup.report.group import Group
from selfsup.report.ranking import ranking
from selfsup.report.scores import Score, Scores, columns
from selfsup.report.tables import Cell, Column, Table, joined

FEWEST = 5  # methods whose order says something


def agreement_table(group: Group, scores: Scores) -> Table:
    """Return Kendall's tau-b of each two columns over the self-supervised methods that both have, by their means.

    It has no rows where fewer than two columns share FEWEST methods. 1 is the same order, -1 the reverse; where higher is better
    in one and lower in the other, orders are from the best.

    Source: Kendall 1945 (The treatment of ties in ranking problems), tau-b, by scipy.
    """
    ranked = {key: ranking(group, column) for key, column in columns(scores).items()}
    compared = {key: column for key, column in ranked.items() if len(column) >= FEWEST}
    tau = {(a, b): _tau(compared[a], compared[b]) for a in compared for b in compared if a != b}
    names = [a for a in compared if any(tau.get((a, b)) is not None for b in compared)]
    headings = {name: _heading(compared[name][0]) for name in names}
    rows = [[_first(headings[a]), *(_cell(tau.get((a, b))) for b in names)] for a in names]
    methods = {score.variant for name in names for score in compared[name]}
    note = (
        f"Kendall's tau over {len(methods)} self-supervised methods, those that both columns have, by their means: 1 is the same "
        "order, 0 an unrelated one, \N{MINUS SIGN}1 the reverse. Differences that seeds do not tell apart count as any other."
    )
    title = f"Does the protocol decide? Orders of the methods on {group.name}"
    return Table(f"agreement-{group.name}", title, [Column("protocol", "order by"), *headings.values()], rows, [note])


def _tau(first: list[Score], second: list[Score]) -> float | None:
    """Return tau-b over the methods that both have, None where they are too few, or all are equal in one."""
    ours, theirs = ({score.variant: _from_best(score) for score in column} for column in (first, second))
    both = [variant for variant in ours if variant in theirs]
    if len(both) < FEWEST:
        return None
    tau = float(kendalltau([ours[name] for name in both], [theirs[name] for name in both]).statistic)
    return None if math.isnan(tau) else tau


def _from_best(score: Score) -> float:
    assert score.interval is not None
    return score.interval.mean * (-1 if score.quantity.spec.better == "lower" else 1)


def _heading(score: Score) -> Column:
    labels = score.quantity.labels if score.quantity.dimensions else ""
    return Column(score.key, score.scoring.title, labels, numeric=True)


def _first(heading: Column) -> Cell:
    return Cell(joined(heading.heading, heading.note))


def _cell(tau: float | None) -> Cell:
    return Cell("", absent=True) if tau is None else Cell(f"{tau:.2f}".replace("-", "\N{MINUS SIGN}"), value=tau)
