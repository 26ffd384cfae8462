"""The table of claims: a paper's sentence, what it published, our difference, and what our seeds can say of it."""

from collections.abc import Mapping
from typing import get_args

from selfsup.config.claims import Claim
from selfsup.report.budgets import unequal_budgets
from selfsup.report.claims import MAX_Q, MAX_RATIO, Kind, Verdict
from selfsup.report.content import Content
from selfsup.report.group import Group
from selfsup.report.intervals import Interval, detectable_difference
from selfsup.report.tables import Cell, Column, Table, decimals_of, with_unit

TONES = {"reproduced": "yes", "contradicted": "no", "inconclusive": "open", "not measured": "unmeasured"}
KINDS = get_args(Kind)  # in the order of the table
COLUMNS = [
    Column("claim", "claim"),
    Column("kind", "kind"),
    Column("source", "source"),
    Column("published", "published"),
    Column("group", "our data"),
    Column("ours", "ours", "means; in %, or the difference's unit"),
    Column("difference", "our difference", "95 % interval; points unless stated", numeric=True),
    Column("q", "q", "adjusted p", numeric=True),
    Column("detectable", "detectable", "with 80 % power", numeric=True),
    Column("seeds", "seeds", "of both sides", numeric=True),
    Column("written", "written", "relative to the first result"),
    Column("verdict", "verdict"),
]
NOTES = [
    "Reproduced: the 95 % t-interval of the difference, paired by seed, is entirely on the claim's side; contradicted: entirely "
    f"on the other; both only where q, its p adjusted over all claims (Benjamini-Hochberg), is below {MAX_Q}: of the claims so "
    "decided 5 % at most are expected to be false. Otherwise inconclusive: four of five repetitions with as many seeds would "
    "find a true difference as large as the detectable one.",
    "Kinds. Published difference: the paper prints one. Order only: it prints an order alone, or ours is more than "
    f"{MAX_RATIO:.0f} times as large, which is far from what it reports. Sanity: above a floor or a classical "
    "row, below a row with labels, or against a baseline, that the paper does not print.",
    "Intervals are over pretraining seeds; the test set and the training data are the same for all seeds and add to the "
    "uncertainty. Our data and encoders are smaller than the papers': a verdict is on the claim at this scale.",
]


def claims_table(content: Content, verdicts: Mapping[tuple[str, str], Verdict]) -> Table:
    """Return a row per claim and group, by kind."""
    judged = [
        (claim, group, verdicts[name, group.name])
        for name, claim in content.claims.items()
        for group in content.groups
        if (name, group.name) in verdicts
    ]
    rows = [_row(*entry) for kind in KINDS for entry in judged if entry[2].kind == kind]
    return Table("claims", "Claims", COLUMNS, rows, NOTES)


def _row(claim: Claim, group: Group, verdict: Verdict) -> list[Cell]:
    difference, none = verdict.difference, Cell("none", absent=True)
    pairs = difference.n if difference else 0
    detectable = detectable_difference(difference) if difference and pairs > 1 else None
    return [
        Cell(claim.sentence, claim.note),
        Cell(verdict.kind),
        Cell(claim.source),
        Cell(claim.published),
        Cell(group.name, _budgets(claim, group)),
        Cell(_means(verdict.means, difference, verdict.unit)) if verdict.means and difference else none,
        Cell(signed(difference, verdict.unit), value=difference.mean) if difference else none,
        none if verdict.q is None else Cell(_probability(verdict.q), value=verdict.q),
        none if detectable is None else Cell(f"{detectable:.{decimals_of(verdict.unit)}f}", value=detectable),
        Cell(str(pairs), value=pairs),
        Cell(claim.written),
        Cell(verdict.verdict, _reason(verdict, detectable), tone=TONES[verdict.verdict]),
    ]


def _budgets(claim: Claim, group: Group) -> str:
    """Return the examples of both sides where they are not equal."""
    counts = unequal_budgets(group, (claim.first.run, claim.second.run))
    return (
        " against ".join(f"{counts[side.run]:,}" for side in (claim.first, claim.second)) + " examples"
        if counts
        else ""
    )


def _reason(verdict: Verdict, detectable: float | None) -> str:
    if detectable is None or verdict.verdict != "inconclusive":
        return verdict.reason
    return f"{verdict.reason}; detectable: {detectable:.{decimals_of(verdict.unit)}f}"


def _means(means: tuple[float, float], difference: Interval, unit: str) -> str:
    return " against ".join(f"{mean:.{_decimals(difference, unit)}f}" for mean in means)


def _probability(q: float) -> str:
    return "< 0.001" if q < 0.001 else f"{q:.3f}"


def signed(difference: Interval, unit: str) -> str:
    """Return a difference with its sign, and its interval where it has one."""
    decimals = _decimals(difference, unit)
    text = f"{difference.mean:+.{decimals}f}"
    if difference.half_width is not None:
        text += f" [{difference.low:+.{decimals}f}, {difference.high:+.{decimals}f}]"
    return with_unit(text.replace("-", "\N{MINUS SIGN}"), unit)


def _decimals(difference: Interval, unit: str) -> int:
    """Return the decimals of the unit, or up to three more where a bound of the interval would be printed as zero."""
    least = decimals_of(unit)
    shown = [abs(number) for number in (difference.low, difference.high) if number]
    return next((n for n in range(least, least + 3) if min(shown, default=1.0) >= 0.5 * 10**-n), least + 3)
