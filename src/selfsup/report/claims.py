"""A paper's claim against our seeds: reproduced, contradicted, inconclusive, or not measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from selfsup.errors import InputError
from selfsup.report.content import Content, Group
from selfsup.report.intervals import Interval, paired_interval
from selfsup.report.tables import Cell, Column, Table

TONES = {"reproduced": "yes", "contradicted": "no", "inconclusive": "open", "not measured": "unmeasured"}


@dataclass(frozen=True)
class Verdict:
    """``verdict`` is one of TONES; ``difference`` its paired interval in the metric's unit, ``reason`` why it is open."""

    verdict: str
    difference: Interval | None = None
    reason: str = ""


def judge(comparison: Mapping[str, Any], rows: pd.DataFrame) -> Verdict:
    """Return the verdict of one comparison over one group's result rows.

    ``higher``/``lower``: reproduced when the 95 % interval of the paired difference lies above zero. ``close``/``to``:
    reproduced when it lies inside ± ``within``. Contradicted when it lies wholly on the other side.
    """
    first, second = _sides(comparison)
    left, right = _values(rows, first, comparison), _values(rows, second, comparison)
    difference = paired_interval(left, right)
    if difference is None:
        absent = [name for name, values in ((first, left), (second, right)) if not values]
        return Verdict("not measured", reason=f"no number of {absent[0]}" if absent else "no common seed")
    if difference.half_width is None:
        return Verdict("inconclusive", difference, "one common seed has no interval")
    low, high = (-comparison["within"], comparison["within"]) if "close" in comparison else (0.0, float("inf"))
    if low < difference.low and difference.high < high:
        return Verdict("reproduced", difference)
    if difference.high < low or difference.low > high:
        return Verdict("contradicted", difference)
    return Verdict("inconclusive", difference, "the interval reaches across the bound")


def verdicts(content: Content, rows: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts by (claim, group name)."""
    return {
        (name, group.name): judge(claim["comparison"], rows[group.name])
        for name, claim in content.claims.items()
        for group in content.groups
    }


def claims_table(content: Content, judged: Mapping[tuple[str, str], Verdict]) -> Table:
    """Return one row a claim and group: the sentence, its source, what was published, our difference, the verdict."""
    columns = [
        Column("claim", "claim"),
        Column("source", "source"),
        Column("published", "published"),
        Column("group", "our data"),
        Column("difference", "our difference", "points, 95 % interval", numeric=True),
        Column("seeds", "pairs", numeric=True),
        Column("verdict", "verdict"),
    ]
    rows = [
        _row(content.claims[name], group, judged[name, group.name])
        for name in content.claims
        for group in content.groups
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
        Cell(_signed(difference), value=difference.mean) if difference else Cell("none", absent=True),
        Cell(str(pairs), value=pairs),
        Cell(verdict.verdict, verdict.reason, tone=TONES[verdict.verdict]),
    ]


def _signed(difference: Interval) -> str:
    text = f"{difference.mean:+.1f}"
    if difference.half_width is not None:
        text += f" [{difference.low:+.1f}, {difference.high:+.1f}]"
    return text.replace("-", "\N{MINUS SIGN}")


def _sides(comparison: Mapping[str, Any]) -> tuple[str, str]:
    if "close" in comparison:
        return comparison["close"], comparison["to"]
    return comparison["higher"], comparison["lower"]


def _values(rows: pd.DataFrame, variant: str, comparison: Mapping[str, Any]) -> dict[int, float]:
    same = (
        (rows["variant"] == variant)
        & (rows["protocol"] == comparison["evaluation"])
        & (rows["metric"] == comparison["metric"])
    )
    fraction = comparison.get("label_fraction")
    at = rows["label_fraction"].isna() if fraction is None else rows["label_fraction"] == fraction
    found = rows[same & at]
    if found["seed"].duplicated().any():
        raise InputError(
            f"A claim in params/claims compares {comparison['metric']} of {comparison['evaluation']}, which has several "
            "numbers a seed: name one with label_fraction, or another metric."
        )
    return dict(zip(found["seed"].tolist(), found["value"].tolist(), strict=True))
