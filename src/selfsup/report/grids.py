"""The smaller tables of a group: one number for each variant and layer, and for each variant and pretext baseline."""

import pandas as pd

from selfsup.report.accuracy import printed
from selfsup.report.content import Group
from selfsup.report.headline import anchor, protocol_name
from selfsup.report.intervals import mean_interval
from selfsup.report.rows import absence
from selfsup.report.tables import Cell, Column, Table

PRETEXT = {
    "pretext_accuracy": "the method",
    "pretext_accuracy_untrained": "untrained network",
    "pretext_accuracy_colour_histogram": "colour histogram",
}


def layers_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return the first linear probe's accuracy at each layer, in the encoder's order."""
    protocol = group.first_protocol("linear_probe")
    return _layers_table(group, rows, protocol, f"layers-{group.name}", "Linear probe")


def frame_layers_tables(group: Group, rows: pd.DataFrame) -> list[Table]:
    """Return each frame probe's accuracy at each layer."""
    return [
        _layers_table(group, rows, protocol, f"layers-{group.name}-{protocol}", f"Probe of {protocol_name(protocol)}")
        for protocol, evaluation in group.protocols.items()
        if evaluation == "frame_probe"
    ]


def _layers_table(group: Group, rows: pd.DataFrame, protocol: str, name: str, probe: str) -> Table:
    found = rows[(rows["protocol"] == protocol) & (rows["metric"] == "top1_by_layer")]
    names = {layer: str(layer) for layer in dict.fromkeys(found["layer"].tolist())}
    notes = [
        "The headline takes the layer that is best on held-out training examples; here each layer meets the test set."
    ]
    body = _body(group, found, protocol, "layer", names)
    return Table(name, f"{probe} by layer on {group.name}", _columns(names), body, notes)


def pretext_table(group: Group, rows: pd.DataFrame) -> Table:
    """Return the pretext task's accuracy on held-out images: the method's own, and what solves it without learning."""
    protocol = group.first_protocol("pretext")
    found = rows[(rows["protocol"] == protocol) & rows["metric"].isin(list(PRETEXT))]
    title = f"Pretext tasks on held-out images of {group.name}"
    notes = ["A colour histogram that does well says that the task can be solved by a shortcut."]
    body = _body(group, found, protocol, "metric", PRETEXT)
    return Table(f"pretext-{group.name}", title, _columns(PRETEXT), body, notes)


def _columns(names: dict[str, str]) -> list[Column]:
    return [Column("method", "method"), *(Column(key, heading, numeric=True) for key, heading in names.items())]


def _body(group: Group, rows: pd.DataFrame, protocol: str, by: str, names: dict[str, str]) -> list[list[Cell]]:
    """Return a row a variant of one protocol's numbers, none at all where no run of the group has such a number."""
    return [
        [Cell(variant, anchor(group, variant)), *(_cell(group, rows, by, variant, key, protocol) for key in names)]
        for variant in (group.variants if len(rows) else [])
    ]


def _cell(group: Group, rows: pd.DataFrame, by: str, variant: str, key: str, protocol: str) -> Cell:
    own = rows[rows["variant"] == variant]
    values = own[own[by] == key]["value"].tolist()
    detail = f"{group.name}/{variant}/{protocol}/{key}"
    if not values and by == "layer" and len(own):
        return Cell("no such layer", absent=True, detail=detail)
    if not values:
        reason, _, why = absence(group, variant, protocol).partition(": ")
        return Cell(reason, why, absent=True, detail=detail)
    interval = mean_interval(values)
    return Cell(printed(interval), value=interval.mean, detail=detail)
