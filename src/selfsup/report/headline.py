"""What a group's main table compares: one score for each variant under each evaluation that has a headline."""

import pandas as pd

from selfsup.report.content import Group, Scoring
from selfsup.report.intervals import paired_interval
from selfsup.report.quantities import Quantity, Score, quantities, score, scored

ROLES = {"floor": "anchor: nothing learned", "ceiling": "anchor: all labels"}
Scores = dict[tuple[str, str], Score]


def columns(group: Group, rows: pd.DataFrame) -> list[tuple[Scoring, Quantity]]:
    """Return the group's columns in the suite's order; a protocol that applies to no run keeps one, to say so."""
    found = []
    for scoring in group.scorings:
        shown = scoring.protocol.shown
        if shown.headline:
            measured = [q for q in quantities(shown, scored(rows, scoring)) if q.headline]
            found += [(scoring, quantity) for quantity in measured or [Quantity(shown, shown.headline)]]
    return found


def scores(group: Group, rows: pd.DataFrame) -> Scores:
    """Return the group's scores by (variant, key), column by column."""
    found = [
        score(group, scored(rows, scoring), scoring, quantity, variant)
        for scoring, quantity in columns(group, rows)
        for variant in group.variants
    ]
    return {(one.variant, one.key): one for one in found}


def anchor(group: Group, variant: str) -> str:
    """Return what a variant anchors in its table, empty for a self-supervised method."""
    return ROLES.get(group.roles.get(variant, ""), "")


def learned(group: Group, found: list[Score]) -> list[Score]:
    """Return the scores of self-supervised methods that have a number, the best first."""
    measured = [one for one in found if one.interval and not anchor(group, one.variant)]
    return sorted(measured, key=goodness, reverse=True)


def goodness(one: Score) -> float:
    """Return the mean, its sign turned where less is better: the larger the better."""
    mean = one.interval.mean if one.interval else 0.0
    return -mean if one.quantity.declared.better == "lower" else mean


def best_within_noise(group: Group, found: list[Score]) -> set[str]:
    """Return, of one column, the best self-supervised variant and those that no paired interval tells from it.

    One seed has no interval and therefore no noise to be within: then only the best stands out.
    """
    ordered = learned(group, found)
    if not ordered or ordered[0].quantity.declared.better == "none":
        return set()
    return {ordered[0].variant} | {one.variant for one in ordered if _indistinct(ordered[0], one)}


def _indistinct(best: Score, other: Score) -> bool:
    difference = paired_interval(best.values, other.values)
    return difference is not None and difference.n > 1 and difference.low <= 0 <= difference.high
