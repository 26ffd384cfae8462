"""A paper's claim against our seeds: reproduced, contradicted, inconclusive, or not measured."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from selfsup.config.claims import Claim, Side
from selfsup.errors import InputError
from selfsup.report.content import Content, Group
from selfsup.report.intervals import Interval, paired_interval
from selfsup.report.rows import numbers
from selfsup.report.tables import Cell, Column, Table
from selfsup.results import DIMENSIONS

TONES = {"reproduced": "yes", "contradicted": "no", "inconclusive": "open", "not measured": "unmeasured"}


@dataclass(frozen=True)
class Verdict:
    """``verdict`` is one of TONES; ``difference`` its paired interval in ``unit``, ``reason`` why it is open."""

    verdict: str
    difference: Interval | None = None
    reason: str = ""
    unit: str = "%"


def judge(claim: Claim, rows: pd.DataFrame, dataset: str | None = None) -> Verdict:
    """Return the verdict on a claim over one group's result rows, on the data that were pretrained on or on others.

    Reproduced when the 95 % interval of the paired difference, first less second, lies above zero, or inside
    ± ``within`` where the claim has one. Contradicted when it lies wholly on the other side.
    """
    found = [_matching(rows, side, dataset) for side in (claim.first, claim.second)]
    left, right = (dict(zip(one["seed"].tolist(), one["value"].tolist(), strict=True)) for one in found)
    difference = paired_interval(left, right)
    if difference is None:
        absent = [side.run for side, one in zip((claim.first, claim.second), found, strict=True) if one.empty]
        return Verdict("not measured", reason=f"no number of {absent[0]}" if absent else "no common seed")
    unit = str(found[0]["unit"].iloc[0])
    if difference.half_width is None:
        return Verdict("inconclusive", difference, "one common seed has no interval", unit)
    low, high = (0.0, float("inf")) if claim.within is None else (-claim.within, claim.within)
    if low < difference.low and difference.high < high:
        return Verdict("reproduced", difference, unit=unit)
    if difference.high < low or difference.low > high:
        return Verdict("contradicted", difference, unit=unit)
    return Verdict("inconclusive", difference, "the interval reaches across the bound", unit)


def verdicts(content: Content, rows: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts by (claim, group name), in the groups that were asked for both sides on one target, the first."""
    return {
        (name, group.name): judge(claim, rows[group.name], target.name)
        for name, claim in content.claims.items()
        for group in content.groups
        for target in reversed(group.targets)
        if claim.applies(group.asked(target), target.dataset)
    }


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


def _row(claim: Claim, group: Group, verdict: Verdict) -> list[Cell]:
    difference = verdict.difference
    pairs = difference.n if difference else 0
    return [
        Cell(claim.sentence),
        Cell(claim.source),
        Cell(claim.published),
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


def _matching(rows: pd.DataFrame, side: Side, dataset: str | None) -> pd.DataFrame:
    """Return the rows of one side, one a seed; what it does not name must be an empty cell there."""
    where = {name: getattr(side, name) for name in DIMENSIONS}
    found = numbers(rows, side.run, side.evaluation, side.metric, dataset=dataset, **where)
    if found["seed"].duplicated().any():
        raise InputError(
            f"A claim in params/claims compares {side.metric} of {side.evaluation}, which has several "
            f"numbers a seed: name one with {', '.join(DIMENSIONS[:-1])} or {DIMENSIONS[-1]}."
        )
    return found
