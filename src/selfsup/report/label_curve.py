"""The lecture's figure in numbers: blocks frozen after pretraining beside the same network trained from scratch."""

from dataclasses import dataclass

import pandas as pd

from selfsup.report.content import Group
from selfsup.report.intervals import mean_interval, spelled
from selfsup.report.tables import Cell, Column, Table

FROZEN, SCRATCH = "pretrained blocks frozen", "from scratch, labels only"
ENDINGS = {"few_labels_blocks": FROZEN, "few_labels_scratch": SCRATCH}


@dataclass(frozen=True)
class LabelCurve:
    """One variant under one of the protocols: its result rows at each share of the labels."""

    variant: str
    protocol: str
    ending: str
    rows: dict[float, pd.DataFrame]


def label_curves(group: Group, rows: pd.DataFrame) -> list[LabelCurve]:
    """Return the curves in the order of the suite, frozen blocks first; none where no run was asked for them."""
    found = rows[(rows["metric"] == "top1") & rows["label_fraction"].notna()]
    curves = []
    for evaluation, ending in ENDINGS.items():
        protocol = group.first_protocol(evaluation)
        for variant in group.variants:
            own = found[(found["protocol"] == protocol) & (found["variant"] == variant)]
            if len(own):
                shares = {share: own[own["label_fraction"] == share] for share in sorted(set(own["label_fraction"]))}
                curves.append(LabelCurve(variant, protocol, ending, shares))
    return curves


def label_curve_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return accuracy by share of the labels, a row a curve."""
    curves = label_curves(group, rows)
    shares = sorted({share for curve in curves for share in curve.rows})
    columns = [Column("method", "method"), Column("protocol", "trained on the labels")]
    columns += [Column(f"{share:g}", f"{100 * share:g} %", "of labels", numeric=True) for share in shares]
    body = [
        [Cell(curve.variant), Cell(curve.ending), *(_cell(group, curve, share) for share in shares)] for curve in curves
    ]
    notes = ["Top-1 accuracy, percent. The same network and the same labels; only what comes before them differs."]
    return Table(
        f"label_curve-{group.name}", f"Few labels, frozen or from scratch, on {group.name}", columns, body, notes
    )


def detail(group: Group, curve: LabelCurve, share: float) -> str:
    """Return the name of the record behind one number."""
    return f"{group.name}/{curve.variant}/{curve.protocol}@{share:g}"


def _cell(group: Group, curve: LabelCurve, share: float) -> Cell:
    if share not in curve.rows:
        return Cell("", absent=True)
    interval = mean_interval(curve.rows[share]["value"].tolist())
    return Cell(spelled(interval, 1), value=interval.mean, detail=detail(group, curve, share))
