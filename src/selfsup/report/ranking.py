"""The order of the scores of a column, and which of them seeds tell apart."""

from selfsup.report.group import Group
from selfsup.report.intervals import paired_interval
from selfsup.report.scores import Score


def ranking(group: Group, column: list[Score]) -> list[Score]:
    """Return the scores of self-supervised methods that have a number, the best first."""
    return best_first([s for s in column if s.interval and not group.anchor(s.variant)])


def best_first(scores: list[Score]) -> list[Score]:
    """Return scores of one column that have a number, the best first."""
    rising = any(s.quantity.spec.better == "lower" for s in scores)
    return sorted(scores, key=lambda s: s.interval.mean if s.interval else 0.0, reverse=not rising)


def best_within_noise(group: Group, column: list[Score]) -> set[str]:
    """Return the best self-supervised variant of a column and those whose paired interval of the difference has zero.

    One seed has no interval: then it is only the best.
    """
    ranked = ranking(group, column)
    if not ranked or ranked[0].quantity.spec.better == "none":
        return set()
    differences = {score.variant: paired_interval(ranked[0].values, score.values) for score in ranked}
    equal = {name for name, d in differences.items() if d is not None and d.n > 1 and d.low <= 0 <= d.high}
    return equal | {ranked[0].variant}


def clearly_better(one: Score, other: Score) -> bool:
    """Return whether the paired difference of two scores has its interval on the better side; of one seed, its value."""
    difference = paired_interval(one.values, other.values)
    if difference is None:
        return False
    sign = -1 if one.quantity.spec.better == "lower" else 1
    return sign * difference.mean > 0 and (difference.n == 1 or not difference.low <= 0 <= difference.high)


def best_of_role(group: Group, column: list[Score], role: str) -> Score | None:
    """Return the best score of an anchor of this role, None where the column has none."""
    measured = [s for s in column if s.interval and group.roles.get(s.variant) == role]
    return best_first(measured)[0] if measured else None


def best_classical(group: Group, column: list[Score]) -> Score | None:
    """Return the best score of a classical row, which is what learning has to beat; None where the column has none."""
    return best_of_role(group, column, "classical")


def above_classical(group: Group, column: list[Score]) -> set[str]:
    """Return the variants that are clearly better than the best classical row."""
    best = best_classical(group, column)
    return {s.variant for s in column if best and s.interval and clearly_better(s, best)}


def ranks(column: list[Score]) -> dict[str, str]:
    """Return the rank of each variant that has a number, as a range where paired differences have zero in their interval.

    The range is from one more than the variants that are clearly better to all but those that are clearly worse. One seed
    has no interval: then it is the position.
    """
    measured = [s for s in column if s.interval]
    ranges = {
        s.variant: (
            1 + sum(clearly_better(o, s) for o in measured),
            len(measured) - sum(clearly_better(s, o) for o in measured),
        )
        for s in measured
    }
    single = any(len(s.values) == 1 for s in measured)
    return {
        name: f"{low}" if single or low == high else f"{low}\N{EN DASH}{high}" for name, (low, high) in ranges.items()
    }
