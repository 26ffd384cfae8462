"""Accuracy along an ordered axis: by layer, and by share of labels."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selfsup.report.content import Group
from selfsup.report.figures.multiples import behind, crowded, multiples
from selfsup.report.figures.style import GREY, STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.headline import protocol_name
from selfsup.report.intervals import mean_interval
from selfsup.report.schemas import OWN_TABLE

DASHES = ("-", "--", ":")


def layers(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return the first linear probe's accuracy at each layer, in the encoder's order."""
    probe = rows["protocol"] == group.first_protocol("linear_probe")
    found = rows[probe & (rows["metric"] == "top1_by_layer")]
    if found.empty:
        return None
    names = list(dict.fromkeys(found["layer"].tolist()))
    caption = f"Linear probe of each layer on {group.name}; {spread(group, 'bars are')}"
    with mpl.rc_context(STYLE):
        if crowded(variants := _measured(group, found)):
            figure = multiples(_learned(group, variants), partial(_layers_panel, group=group, rows=found))
            figure.supylabel("top-1 accuracy, %", fontsize=8)
            caption += " In grey the anchors of the same layers."
        else:
            figure = canvas(5.2, 2.5)
            axes = figure.subplots()
            _lines(axes, group, found, "layer", names)
            axes.set_xticks(range(len(names)), names)
            axes.set_ylabel("top-1 accuracy, %")
            legend(axes)
    return finished(figure, f"{group.name}-layers", caption)


def few_labels(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return accuracy against the share of labels, a panel for each protocol that draws subsets of them.

    With many variants, a panel for each of them and a line for each protocol.
    """
    found = rows[(rows["metric"] == "top1") & rows["label_fraction"].notna()]
    measured = set(found["protocol"])
    protocols = [p for p, evaluation in group.protocols.items() if p in measured and evaluation not in OWN_TABLE]
    if not protocols:
        return None
    found = found[found["protocol"].isin(protocols)]
    caption = f"Few labels on {group.name}; {spread(group, 'bars are')}"
    with mpl.rc_context(STYLE):
        if crowded(variants := _measured(group, found)):
            draw = partial(_labels_panel, group=group, rows=found, protocols=protocols)
            figure = multiples(_learned(group, variants), draw)
            figure.supylabel("top-1 accuracy, %", fontsize=8)
            lines = [
                f"{word} {protocol_name(p)}" for word, p in zip(("solid", "dashed", "dotted"), protocols, strict=False)
            ]
            caption += f" Against the share of the training labels; lines: {', '.join(lines)}; in grey the anchors."
        else:
            figure = _few_labels_panels(group, found, protocols)
    return finished(figure, f"{group.name}-few_labels", caption)


def _few_labels_panels(group: Group, rows: pd.DataFrame, protocols: Sequence[str]) -> Figure:
    fractions = sorted(set(rows["label_fraction"]))
    figure = canvas(1.4 + 2.1 * len(protocols), 2.4)
    panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
    for axes, protocol in zip(panels, protocols, strict=True):
        _lines(axes, group, rows[rows["protocol"] == protocol], "label_fraction", fractions)
        axes.set_xticks(range(len(fractions)), [f"{100 * fraction:g} %" for fraction in fractions])
        axes.set_title(f"{protocol_name(protocol)}, few labels")
        axes.set_xlabel("share of the training labels")
    panels[0].set_ylabel("top-1 accuracy, %")
    legend(panels[0] if len(panels) == 1 else panels[-1])
    return figure


def _layers_panel(axes: Axes, variant: str, group: Group, rows: pd.DataFrame) -> None:
    """Draw a variant's curve over its own layers, in front of the anchors that have the same ones."""
    names = list(dict.fromkeys(rows[rows["variant"] == variant]["layer"].tolist()))
    for other in dict.fromkeys([*behind(group), variant]):
        own = rows[rows["variant"] == other]
        if set(own["layer"]) == set(names):
            _line(axes, own, "layer", names, **_look(group, other, variant))
    axes.set_xticks([0, len(names) - 1], [names[0], names[-1]])


def _labels_panel(axes: Axes, variant: str, group: Group, rows: pd.DataFrame, protocols: Sequence[str]) -> None:
    fractions = sorted(set(rows["label_fraction"]))
    for other in dict.fromkeys([*behind(group), variant]):
        for protocol, dash in zip(protocols, DASHES, strict=False):
            own = rows[(rows["variant"] == other) & (rows["protocol"] == protocol)]
            _line(axes, own, "label_fraction", fractions, linestyle=dash, **_look(group, other, variant))
    axes.set_xticks(range(len(fractions)), [f"{100 * fraction:g} %" for fraction in fractions])
    axes.set_xlim(-0.3, len(fractions) - 0.7)


def _look(group: Group, variant: str, shown: str) -> dict[str, Any]:
    """Return how a line of a panel looks: the panel's own in its colour, the anchors behind it thin and grey."""
    if variant == shown:
        return {"color": palette(group)[variant], "marker": "."}
    return {"color": GREY, "linewidth": 0.6, "elinewidth": 0.4}


def _learned(group: Group, variants: Sequence[str]) -> list[str]:
    return [variant for variant in variants if variant not in behind(group)]


def _measured(group: Group, rows: pd.DataFrame) -> list[str]:
    return [variant for variant in group.variants if variant in set(rows["variant"])]


def _lines(axes: Axes, group: Group, rows: pd.DataFrame, by: str, places: Sequence[object]) -> None:
    """Draw one line a variant, shifted a little so that intervals do not lie on each other."""
    colours, shapes = palette(group), markers(group)
    for n, variant in enumerate(group.variants):
        shift = 0.04 * (n - (len(group.variants) - 1) / 2)
        own = rows[rows["variant"] == variant]
        _line(axes, own, by, places, shift, color=colours[variant], marker=shapes[variant], label=variant)
    axes.grid(axis="y")


def _line(
    axes: Axes,
    rows: pd.DataFrame,
    by: str,
    places: Sequence[object],
    shift: float = 0.0,
    **style: Any,
) -> None:
    """Draw the mean over seeds at each place that was measured, with its interval."""
    points = [(x, rows[rows[by] == place]["value"].tolist()) for x, place in enumerate(places)]
    measured = [(x + shift, mean_interval(values)) for x, values in points if values]
    axes.errorbar(
        [x for x, _ in measured],
        [interval.mean for _, interval in measured],
        [interval.half_width or 0.0 for _, interval in measured],
        **{"elinewidth": 0.8, **style},
    )
