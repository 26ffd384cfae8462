"""The smaller tables of a group: one number for each variant and layer, and for each variant and pretext baseline."""

import pandas as pd

from selfsup.report.accuracy import printed
from selfsup.report.content import Group
from selfsup.report.headline import anchor
from selfsup.report.intervals import mean_interval
from selfsup.report.rows import absence
from selfsup.report.tables import Cell, Column, Table

PRETEXT = {
    "pretext_accuracy": "the method",
    "pretext_accuracy_untrained": "untrained network",
    "pretext_accuracy_colour_histogram": "colour histogram",
}


def layers_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return the linear probe's accuracy at each layer, in the encoder's order."""
    found = rows[rows["metric"] == "top1_by_layer"]
    names = {layer: str(layer) for layer in dict.fromkeys(found["layer"].tolist())}
    title = f"Linear probe by layer on {group.name}"
    notes = [
        "The headline takes the layer that is best on held-out training images; here each layer meets the test set."
    ]
    return _grid(group, found, "layer", names, f"layers-{group.name}", title, notes)


def pretext_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return the pretext task's accuracy on held-out images: the method's own, and what solves it without learning."""
    found = rows[rows["metric"].isin(list(PRETEXT))]
    notes = ["A colour histogram that does well says that the task can be solved by a shortcut."]
    title = f"Pretext tasks on held-out images of {group.name}"
    return _grid(group, found, "metric", PRETEXT, f"pretext-{group.name}", title, notes)


def _grid(
    group: Group, rows: pd.DataFrame, by: str, names: dict[str, str], name: str, title: str, notes: list[str]
) -> Table:
    """Return the table, without rows where no run of the group has such a number."""
    columns = [Column("method", "method"), *(Column(key, heading, numeric=True) for key, heading in names.items())]
    body = []
    for protocol in list(dict.fromkeys(rows["protocol"].tolist()))[:1]:
        for variant in group.variants:
            cells = [_cell(group, rows, by, variant, key, protocol) for key in names]
            body.append([Cell(variant, anchor(group, variant)), *cells])
    return Table(name, title, columns, body, notes)


def _cell(group: Group, rows: pd.DataFrame, by: str, variant: str, key: str, protocol: str) -> Cell:
    values = rows[(rows["variant"] == variant) & (rows[by] == key)]["value"].tolist()
    detail = f"{group.name}/{variant}/{protocol}/{key}"
    if not values:
        reason, _, why = absence(group, variant, protocol).partition(": ")
        return Cell(reason, why, absent=True, detail=detail)
    interval = mean_interval(values)
    return Cell(printed(interval), value=interval.mean, detail=detail)
