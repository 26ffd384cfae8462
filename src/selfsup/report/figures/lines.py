"""Accuracy along an ordered axis: by layer, and by share of labels."""

from collections.abc import Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from selfsup.report.content import Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.headline import NAMES
from selfsup.report.intervals import mean_interval


def layers(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return the first linear probe's accuracy at each layer, in the encoder's order."""
    probe = rows["protocol"] == group.first_protocol("linear_probe")
    found = rows[probe & (rows["metric"] == "top1_by_layer")]
    if found.empty:
        return None
    names = list(dict.fromkeys(found["layer"].tolist()))
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.5)
        axes = figure.subplots()
        _lines(axes, group, found, "layer", names)
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel("top-1 accuracy, %")
        legend(axes)
    caption = f"Linear probe of each layer on {group.name}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-layers", caption)


def few_labels(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return accuracy against the share of labels, a panel for each protocol that draws subsets of them."""
    found = rows[(rows["metric"] == "top1") & rows["label_fraction"].notna()]
    protocols = [protocol for protocol in group.protocols if protocol in set(found["protocol"])]
    if not protocols:
        return None
    fractions = sorted(set(found["label_fraction"]))
    with mpl.rc_context(STYLE):
        figure = canvas(1.4 + 2.1 * len(protocols), 2.4)
        panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
        for axes, protocol in zip(panels, protocols, strict=True):
            _lines(axes, group, found[found["protocol"] == protocol], "label_fraction", fractions)
            axes.set_xticks(range(len(fractions)), [f"{100 * fraction:g} %" for fraction in fractions])
            axes.set_title(f"{NAMES.get(protocol, protocol)}, few labels")
            axes.set_xlabel("share of the training labels")
        panels[0].set_ylabel("top-1 accuracy, %")
        legend(panels[0] if len(panels) == 1 else panels[-1])
    caption = f"Few labels on {group.name}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-few_labels", caption)


def _lines(axes: Axes, group: Group, rows: pd.DataFrame, by: str, places: Sequence[object]) -> None:
    """Draw one line a variant, shifted a little so that intervals do not lie on each other."""
    colours, shapes = palette(group), markers(group)
    for n, variant in enumerate(group.variants):
        own = rows[rows["variant"] == variant]
        points = [(x, own[own[by] == place]["value"].tolist()) for x, place in enumerate(places)]
        measured = [(x, mean_interval(values)) for x, values in points if values]
        shift = 0.04 * (n - (len(group.variants) - 1) / 2)
        axes.errorbar(
            [x + shift for x, _ in measured],
            [interval.mean for _, interval in measured],
            [interval.half_width or 0.0 for _, interval in measured],
            color=colours[variant],
            marker=shapes[variant],
            elinewidth=0.8,
            label=variant,
        )
    axes.grid(axis="y")
