"""A paper's claim against our seeds: reproduced, contradicted, inconclusive, or not measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from selfsup.errors import InputError
from selfsup.report.content import Content, Group
from selfsup.report.intervals import Interval, paired_interval
from selfsup.report.rows import numbers
from selfsup.report.tables import Cell, Column, Table

TONES = {"reproduced": "yes", "contradicted": "no", "inconclusive": "open", "not measured": "unmeasured"}


@dataclass(frozen=True)
class Verdict:
    """``verdict`` is one of TONES; ``difference`` its paired interval in ``unit``, ``reason`` why it is open."""

    verdict: str
    difference: Interval | None = None
    reason: str = ""
    unit: str = "%"


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a run's metric under a protocol, at one share of the labels."""

    variant: str
    evaluation: str
    metric: str
    label_fraction: float | None


def judge(comparison: Mapping[str, Any], rows: pd.DataFrame) -> Verdict:
    """Return the verdict of one comparison over one group's result rows.

    ``higher``/``lower``: reproduced when the 95 % interval of the paired difference lies above zero. ``close``/``to``:
    reproduced when it lies inside ± ``within``. Contradicted when it lies wholly on the other side.
    """
    first, second = _sides(comparison)
    left, right = _values(rows, first), _values(rows, second)
    difference = paired_interval(left, right)
    if difference is None:
        absent = [side.variant for side, values in ((first, left), (second, right)) if not values]
        return Verdict("not measured", reason=f"no number of {absent[0]}" if absent else "no common seed")
    unit = str(_found(rows, first)["unit"].iloc[0])
    if difference.half_width is None:
        return Verdict("inconclusive", difference, "one common seed has no interval", unit)
    low, high = (-comparison["within"], comparison["within"]) if "close" in comparison else (0.0, float("inf"))
    if low < difference.low and difference.high < high:
        return Verdict("reproduced", difference, unit=unit)
    if difference.high < low or difference.low > high:
        return Verdict("contradicted", difference, unit=unit)
    return Verdict("inconclusive", difference, "the interval reaches across the bound", unit)


def verdicts(content: Content, rows: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts by (claim, group name), in the groups that have both runs and were asked for both."""
    return {
        (name, group.name): judge(claim["comparison"], rows[group.name])
        for name, claim in content.claims.items()
        for group in _groups(content, claim["comparison"])
    }


def _groups(content: Content, comparison: Mapping[str, Any]) -> list[Group]:
    sides = _sides(comparison)
    runs = {side.variant for side in sides}
    having = [group for group in content.groups if runs <= set(group.variants)]
    asked = [group for group in having if {side.evaluation for side in sides} <= set(group.protocols)]
    return asked or having or content.groups


def claims_table(content: Content, judged: Mapping[tuple[str, str], Verdict]) -> Table:
    """Return one row a claim and group: the sentence, its source, what was published, our difference, the verdict."""
    columns = [
        Column("claim", "claim"),
        Column("source", "source"),
        Column("published", "published"),
        Column("group", "our data"),
        Column("difference", "our difference", "95 % interval; points unless said", numeric=True),
        Column("seeds", "pairs", numeric=True),
        Column("verdict", "verdict"),
    ]
    rows = [
        _row(content.claims[name], group, judged[name, group.name])
        for name in content.claims
        for group in content.groups
        if (name, group.name) in judged
    ]
    notes = [
        "Reproduced: the 95 % t-interval of the difference, paired by seed, lies wholly on the claim's side; contradicted: "
        "wholly on the other; inconclusive: it reaches across, or one seed gives no interval.",
        "Our data and encoders are smaller than the papers': a verdict is on the claim at this scale.",
    ]
    return Table("claims", "Claims", columns, rows, notes)


def _row(claim: Mapping[str, Any], group: Group, verdict: Verdict) -> list[Cell]:
    difference = verdict.difference
    source = f"{claim['source']['paper']}, {claim['source']['where']}"
    pairs = difference.n if difference else 0
    return [
        Cell(claim["sentence"]),
        Cell(source),
        Cell(str(claim["published"])),
        Cell(group.name),
        Cell(_signed(difference, verdict.unit), value=difference.mean) if difference else Cell("none", absent=True),
        Cell(str(pairs), value=pairs),
        Cell(verdict.verdict, verdict.reason, tone=TONES[verdict.verdict]),
    ]


def _signed(difference: Interval, unit: str) -> str:
    decimals = 1 if unit == "%" else 2
    text = f"{difference.mean:+.{decimals}f}"
    if difference.half_width is not None:
        text += f" [{difference.low:+.{decimals}f}, {difference.high:+.{decimals}f}]"
    return text.replace("-", "\N{MINUS SIGN}") + f" {unit}" * (unit not in ("%", ""))


def _sides(comparison: Mapping[str, Any]) -> tuple[Side, Side]:
    """Return what is compared; the second differs in more than its run where ``lower_evaluation`` or ``lower_metric``
    says so."""
    names = ("close", "to") if "close" in comparison else ("higher", "lower")
    evaluation, metric = comparison["evaluation"], comparison["metric"]
    other = (comparison.get("lower_evaluation") or evaluation, comparison.get("lower_metric") or metric)
    fraction = comparison.get("label_fraction")
    return (
        Side(comparison[names[0]], evaluation, metric, fraction),
        Side(comparison[names[1]], *other, fraction),
    )


def _found(rows: pd.DataFrame, side: Side) -> pd.DataFrame:
    return numbers(rows, side.variant, side.evaluation, side.metric, side.label_fraction)


def _values(rows: pd.DataFrame, side: Side) -> dict[int, float]:
    found = _found(rows, side)
    if found["seed"].duplicated().any():
        raise InputError(
            f"A claim in params/claims compares {side.metric} of {side.evaluation}, which has several "
            "numbers a seed: name one with label_fraction, or another metric."
        )
    return dict(zip(found["seed"].tolist(), found["value"].tolist(), strict=True))
