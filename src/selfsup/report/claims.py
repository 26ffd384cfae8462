"""Verdicts on papers' claims over our seeds: reproduced, contradicted, inconclusive, or not measured."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from selfsup.config.claims import Claim, Side
from selfsup.errors import InputError
from selfsup.report.content import Content
from selfsup.report.group import Group
from selfsup.report.intervals import Interval, p_value, paired_interval, q_values
from selfsup.report.rows import by_seed, numbers
from selfsup.results import DIMENSIONS

MAX_Q = 0.05
MAX_RATIO = 3.0  # of our difference to the published one; above it only the order is comparable
Kind = Literal["published difference", "order only", "sanity"]


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim over one group's seeds; ``difference`` is paired, in ``unit``, and ``reason`` says why it is open.

    ``means`` are those of first and second over the same seeds. ``p`` is of the nearest bound of the claim, ``q`` adjusted over
    all verdicts of the suite.
    """

    verdict: Literal["reproduced", "contradicted", "inconclusive", "not measured"]
    difference: Interval | None = None
    reason: str = ""
    unit: str = "%"
    means: tuple[float, float] | None = None
    p: float | None = None
    q: float | None = None
    kind: Kind = "published difference"


def verdicts(content: Content, rows: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts by (claim, group name), each on the first target on which the group evaluates both sides.

    Runs that are in two groups, such as a budget's and its methods', are compared in the first alone. The verdicts are a
    family: what is decided by its own interval stays so only if its q is below 0.05.
    """
    judged: dict[tuple[str, str], Verdict] = {}
    compared: set[tuple[str, str, frozenset[tuple[str, int]]]] = set()
    for (name, claim), group in itertools.product(content.claims.items(), content.groups):
        target = next((t for t in group.targets if claim.applies(group.protocols_on(t), t.dataset)), None)
        if target and (same := (name, target.name, _runs(claim, rows[group.name], target.name))) not in compared:
            compared |= {same} if same[-1] else set()
            verdict = judge(claim, rows[group.name], target.name)
            judged[name, group.name] = replace(verdict, kind=kind(claim, group, verdict.difference))
    p = {key: verdict.p for key, verdict in judged.items() if verdict.p is not None}
    q_by_key = zip(p, q_values(list(p.values())), strict=True)
    return judged | {key: _adjusted(judged[key], q) for key, q in q_by_key}


def judge(claim: Claim, rows: pd.DataFrame, dataset: str | None = None) -> Verdict:
    """Return the unadjusted verdict on a claim over one group's result rows, on a target or on the pretraining data.

    Reproduced where the 95 % interval of the paired difference, first less second, is above zero, or inside ± ``within``
    where the claim has one. Contradicted where it is entirely on the other side.
    """
    sides = (claim.first, claim.second)
    first, second = (matching_rows(rows, side, dataset) for side in sides)
    difference = paired_interval(by_seed(first), by_seed(second))
    if difference is None:
        absent = [side.run for side, matching in zip(sides, (first, second), strict=True) if matching.empty]
        return Verdict("not measured", reason=f"no number of {absent[0]}" if absent else "no common seed")
    mean_first = float(first.loc[first["seed"].isin(second["seed"]), "value"].mean())
    unit, means = str(first["unit"].iloc[0]), (mean_first, mean_first - difference.mean)
    if difference.half_width is None:
        return Verdict("inconclusive", difference, "one common seed has no interval", unit, means)
    low, high = (0.0, float("inf")) if claim.within is None else (-claim.within, claim.within)
    p = p_value(difference, high if abs(difference.mean - high) < abs(difference.mean - low) else low)
    if low < difference.low and difference.high < high:
        return Verdict("reproduced", difference, "", unit, means, p)
    if difference.high < low or difference.low > high:
        return Verdict("contradicted", difference, "", unit, means, p)
    return Verdict("inconclusive", difference, "the interval contains the bound", unit, means, p)


def kind(claim: Claim, group: Group, difference: Interval | None) -> Kind:
    """Return what a verdict on a claim can say.

    ``sanity``: without a published difference, above a floor or a classical row, below a row with labels, or against a
    baseline. ``order only``: another claim without one, or ours is more than three times as large. ``published
    difference``: all others.
    """
    if claim.published_difference is None:
        above, below = (group.roles.get(side.run) for side in (claim.second, claim.first))
        bounds = above in ("floor", "classical") or below == "labels"
        baseline = (claim.first.baseline or claim.second.baseline) is not None
        return "sanity" if claim.within is None and (bounds or baseline) else "order only"
    far = difference is not None and difference.mean > MAX_RATIO * claim.published_difference
    return "order only" if far else "published difference"


def _adjusted(verdict: Verdict, q: float) -> Verdict:
    if q < MAX_Q or verdict.verdict == "inconclusive":
        return replace(verdict, q=q)
    reason = f"{verdict.verdict} by its own interval, but q is not below {MAX_Q}"
    return replace(verdict, verdict="inconclusive", q=q, reason=reason)


def _runs(claim: Claim, rows: pd.DataFrame, dataset: str) -> frozenset[tuple[str, int]]:
    """Return run and seed of what both sides compare."""
    sides = (matching_rows(rows, side, dataset) for side in (claim.first, claim.second))
    return frozenset(pair for side in sides for pair in zip(side["run"], side["seed"], strict=True))


def matching_rows(rows: pd.DataFrame, side: Side, dataset: str | None) -> pd.DataFrame:
    """Return the rows of one side, one per seed; the dimensions that it does not name are empty."""
    where = {name: getattr(side, name) for name in DIMENSIONS}
    matching = numbers(rows, side.run, side.evaluation, side.metric, dataset=dataset, **where)
    if matching["seed"].duplicated().any():
        raise InputError(
            f"A file of params/claims or params/reported names {side.metric} of {side.evaluation}, which has several "
            f"numbers a seed; select one with {', '.join(DIMENSIONS[:-1])} or {DIMENSIONS[-1]}."
        )
    return matching
