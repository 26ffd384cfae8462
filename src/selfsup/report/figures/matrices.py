"""Confusion matrices: a panel per run, a row per class, and in each column the share that is taken for that class."""

import json

import h5py
import matplotlib as mpl
import numpy as np

from selfsup.report.figures.style import STYLE, Plot, canvas, plot
from selfsup.report.group import Group, Scoring

ACROSS = 3  # panels side by side
PANEL_IN, LABEL_IN = 1.9, 0.9
WRITTEN = 12  # classes whose shares fit into the cells
NAMED = 40  # classes whose names fit beside a row
DARK = 60.0  # percent above which a cell is written in white
ON_LIGHT = "#202020"  # not the page's text colour: cells are light in dark mode too


@mpl.rc_context(STYLE)
def matrices(group: Group, scoring: Scoring) -> Plot | None:
    """Return the matrices of all variants, means over seeds, in the order of the suite; None where none was made."""
    found, classes = _shares(group, scoring)
    if not found:
        return None
    across = min(ACROSS, len(found))
    rows = -(-len(found) // across)
    figure = canvas(LABEL_IN + PANEL_IN * across, LABEL_IN + (PANEL_IN + 0.2) * rows)
    panels = figure.subplots(rows, across, squeeze=False, sharex=True, sharey=True)
    for n, (axes, variant) in enumerate(zip(panels.flat, found, strict=False)):
        axes.imshow(found[variant], cmap="Blues", vmin=0, vmax=100)
        axes.set_title(group.title(variant))
        if len(classes) <= WRITTEN:
            _write_shares(axes, found[variant])
        if len(classes) <= NAMED:
            ticks = {"fontsize": 6 if len(classes) <= WRITTEN else 4}
            axes.set_yticks(range(len(classes)), classes, **ticks)
            axes.set_xticks(range(len(classes)), classes, rotation=90, **ticks)
            axes.tick_params(length=0, labelbottom=n + across >= len(found))
    for axes in panels.flat[len(found) :]:
        axes.set_axis_off()
    figure.supylabel("class", fontsize=8)
    figure.supxlabel("taken for", fontsize=8)
    caption = (
        f"What a linear probe takes each class of {scoring.target.name} for, in % of the test images of that class, "
        f"{f'mean over {group.seeds}' if group.repeated else 'of one seed'}."
    )
    return plot(figure, f"{group.name}-{scoring.slug}-matrix", caption)


def _shares(group: Group, scoring: Scoring) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return for each variant (K, K) percentages of each row, means over its seeds, and the names of the classes."""
    counts: dict[str, list[np.ndarray]] = {}
    classes: list[str] = []
    for member in group.members:
        if path := scoring.pictures(member):
            with h5py.File(path, "r") as file:
                counts.setdefault(member.variant, []).append(file["matrix"][()])
                classes = json.loads(file.attrs["classes"])
    ordered = {variant: np.mean(counts[variant], axis=0) for variant in group.variants if variant in counts}
    return {variant: 100 * c / np.maximum(c.sum(1, keepdims=True), 1) for variant, c in ordered.items()}, classes


def _write_shares(axes: mpl.axes.Axes, shares: np.ndarray) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.5:
            colour = "white" if share > DARK else ON_LIGHT
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=5, color=colour)
