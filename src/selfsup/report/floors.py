"""Which numbers a run could have had without training: those that its seeds do not tell from its floor's."""

from selfsup.report.group import Group
from selfsup.report.ranking import clearly_better
from selfsup.report.scores import Score

NOT_ABOVE = "not above untrained"


def floor(group: Group, column: list[Score], variant: str) -> Score | None:
    """Return the score of a variant's most similar floor that has a number in the column, None without one."""
    measured = {score.variant: score for score in column if score.interval}
    return next((measured[name] for name in group.floors.get(variant, ()) if name in measured), None)


def not_above_floor(group: Group, column: list[Score]) -> dict[str, Score]:
    """Return, by variant, the floors that the seeds of a self-supervised method do not place it above in a column.

    It is above where the 95 % interval of the paired difference is; with one seed, where the difference is.
    """
    floors = {score.variant: floor(group, column, score.variant) for score in column}
    return {s.variant: f for s in column if (f := floors[s.variant]) and _comparable(s, f) and not clearly_better(s, f)}


def _comparable(score: Score, floor: Score) -> bool:
    return score.quantity.spec.better != "none" and not score.values.keys().isdisjoint(floor.values)
