"""Zero-shot beside probes of a few labels a class: how many labels the phrases are worth."""

import itertools
import math
import re
from dataclasses import dataclass

import pandas as pd

from selfsup.report.content import Group
from selfsup.report.headline import anchor
from selfsup.report.intervals import mean_interval, spelled
from selfsup.report.tables import Cell, Column, Table

METRIC = re.compile(r"top1_(\d+)_shot")


@dataclass(frozen=True)
class FewShot:
    """One variant: its probes' result rows by labels a class, and its zero-shot rows, empty where it reads no text."""

    variant: str
    protocol: str
    shots: dict[int, pd.DataFrame]
    zero: pd.DataFrame


def few_shots(group: Group, rows: pd.DataFrame) -> list[FewShot]:
    """Return the variants that were probed with few shots, in the order of the suite."""
    protocol, zero_shot = (group.first_protocol(name) for name in ("few_shot", "zero_shot"))
    probed = rows[(rows["protocol"] == protocol) & rows["metric"].str.fullmatch(METRIC.pattern)]
    zero = rows[(rows["protocol"] == zero_shot) & (rows["metric"] == "top1")]
    found = []
    for variant in group.variants:
        own = probed[probed["variant"] == variant]
        counts = sorted({_shots(metric) for metric in own["metric"]})
        if counts:
            shots = {count: own[own["metric"] == f"top1_{count}_shot"] for count in counts}
            found.append(FewShot(variant, protocol, shots, zero[zero["variant"] == variant]))
    return found


def few_shot_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return accuracy by labels a class, zero first, and how many of them equal zero-shot."""
    found = few_shots(group, rows)
    counts = sorted({count for one in found for count in one.shots})
    columns = [Column("method", "method"), Column("0", "zero-shot", "no labels", numeric=True)]
    columns += [Column(str(count), str(count), "labels a class", numeric=True) for count in counts]
    columns.append(Column("equal", "equal to zero-shot", "labels a class", numeric=True))
    body = [
        [
            Cell(one.variant, anchor(group, one.variant)),
            _cell(one.zero, f"{group.name}/{one.variant}/{group.first_protocol('zero_shot')}"),
            *(_cell(one.shots.get(count, one.zero[:0]), detail(group, one, count)) for count in counts),
            _equal(one),
        ]
        for one in found
    ]
    notes = [
        "Top-1 accuracy, percent. Probes and zero-shot answer for the same test images, by the same image encoder.",
        "Equal to zero-shot: where the line between the probes' means, over the logarithm of the labels, crosses it.",
    ]
    return Table(f"few_shot-{group.name}", f"Zero-shot and few-shot on {group.name}", columns, body, notes)


def equal_shots(one: FewShot) -> float | None:
    """Return how many labels a class are as good as zero-shot: 0 below the fewest, infinite above the most, None without.

    Between two counts the mean accuracy is a straight line over the logarithm of the count.
    Source: Radford et al. 2021 (CLIP), section 3.1.5, figure 7.
    """
    if one.zero.empty:
        return None
    target = float(one.zero["value"].mean())
    means = [(count, float(part["value"].mean())) for count, part in one.shots.items()]
    if target < means[0][1]:
        return 0.0
    for (few, low), (many, high) in itertools.pairwise(means):
        if low <= target < high:
            share = (target - low) / (high - low)
            return math.exp((1 - share) * math.log(few) + share * math.log(many))
    return float(means[-1][0]) if target == means[-1][1] else math.inf


def detail(group: Group, one: FewShot, count: int) -> str:
    """Return the name of the record behind one number."""
    return f"{group.name}/{one.variant}/{one.protocol}/{count}"


def _shots(metric: str) -> int:
    match = METRIC.fullmatch(metric)
    assert match is not None
    return int(match[1])


def _cell(rows: pd.DataFrame, record: str) -> Cell:
    if rows.empty:
        return Cell("", absent=True)
    interval = mean_interval(rows["value"].tolist())
    return Cell(spelled(interval, 1), value=interval.mean, detail=record)


def _equal(one: FewShot) -> Cell:
    shots = equal_shots(one)
    if shots is None:
        return Cell("", absent=True)
    if shots == 0:
        return Cell(f"below {min(one.shots)}", value=0.0)
    if math.isinf(shots):
        return Cell(f"above {max(one.shots)}", value=2.0 * max(one.shots))
    return Cell(f"{shots:.1f}", value=shots)
