"""The lecture's figure in numbers: blocks frozen after pretraining beside the same network trained from scratch."""

from dataclasses import dataclass

import pandas as pd

from selfsup.report.content import Content, Group
from selfsup.report.intervals import mean_interval, spelled
from selfsup.report.tables import Cell, Column, Table

FROZEN, SCRATCH = "pretrained blocks frozen", "from scratch, labels only"
ENDINGS = {"few_labels_blocks": FROZEN, "few_labels_scratch": SCRATCH}


@dataclass(frozen=True)
class LabelCurve:
    """One variant under one of the protocols: its result rows at each number of labelled images a class."""

    variant: str
    protocol: str
    ending: str
    rows: dict[int, pd.DataFrame]


def label_curves(content: Content, group: Group, rows: pd.DataFrame) -> list[LabelCurve]:
    """Return the curves in the order of the suite, frozen blocks first; none where no run was asked for them.

    Results know shares of the labels, the protocol how many a class they are; counts that a data set lacks are the
    largest, and are left out of both.
    """
    found = rows[(rows["metric"] == "top1") & rows["label_fraction"].notna()]
    curves = []
    for evaluation, ending in ENDINGS.items():
        protocol = group.first_protocol(evaluation)
        for variant in group.variants:
            own = found[(found["protocol"] == protocol) & (found["variant"] == variant)]
            if len(own):
                counts = sorted(content.protocols[protocol]["labels_per_class"])
                parts = [own[own["label_fraction"] == share] for share in sorted(set(own["label_fraction"]))]
                curves.append(LabelCurve(variant, protocol, ending, dict(zip(counts, parts, strict=False))))
    return curves


def label_curve_table(content: Content, group: Group, rows: pd.DataFrame) -> Table:
    """Return accuracy by number of labelled images, a row a curve."""
    curves = label_curves(content, group, rows)
    counts = sorted({count for curve in curves for count in curve.rows})
    columns = [Column("method", "method"), Column("protocol", "trained on the labels")]
    columns += [Column(str(count), str(count), "labels a class", numeric=True) for count in counts]
    body = [
        [Cell(curve.variant), Cell(curve.ending), *(_cell(group, curve, count) for count in counts)] for curve in curves
    ]
    notes = ["Top-1 accuracy, percent. The same network and the same labels; only what comes before them differs."]
    return Table(
        f"label_curve-{group.name}", f"Few labels, frozen or from scratch, on {group.name}", columns, body, notes
    )


def detail(group: Group, curve: LabelCurve, count: int) -> str:
    """Return the name of the record behind one number."""
    return f"{group.name}/{curve.variant}/{curve.protocol}@{count}"


def _cell(group: Group, curve: LabelCurve, count: int) -> Cell:
    if count not in curve.rows:
        return Cell("", absent=True)
    interval = mean_interval(curve.rows[count]["value"].tolist())
    return Cell(spelled(interval, 1), value=interval.mean, detail=detail(group, curve, count))
