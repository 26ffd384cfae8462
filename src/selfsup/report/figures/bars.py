"""A metric as a picture: every seed, its mean and interval, and each run's own baselines in grey."""

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from selfsup.config.shown import Figure as Asked
from selfsup.report.content import Group, Scoring
from selfsup.report.figures.style import GREY, RULE, STYLE, Drawing, canvas, finished, legend, palette, spread
from selfsup.report.intervals import mean_interval
from selfsup.report.quantities import NOWHERE, Quantity, scored

SHAPES = "|xd+1"


def bars(group: Group, scoring: Scoring, asked: Asked, rows: pd.DataFrame) -> Drawing | None:
    """Return the dot plot of one protocol's metric, variants from top to bottom in the suite's order; None without any."""
    shown, own = scoring.protocol.shown, scored(rows, scoring)
    quantity = Quantity(shown, asked.metric, NOWHERE)
    found = {variant: part for variant in group.variants if len(part := quantity.of(own[own["variant"] == variant]))}
    if not found:
        return None
    names = [name for name in dict.fromkeys(own[own["metric"] == asked.metric]["baseline"]) if name]
    label = ", ".join(part for part in (quantity.title, quantity.declared.unit) if part)
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 0.6 + 0.27 * len(found))
        axes = figure.subplots()
        for n, (variant, part) in enumerate(found.items()):
            _bar(axes, n, part["value"].tolist(), palette(group)[variant])
            for name, shape in zip(names, SHAPES, strict=False):
                beside = quantity.at("baseline", name).of(own[own["variant"] == variant])["value"]
                axes.plot(
                    [beside.mean()] * (len(beside) > 0), [n] * (len(beside) > 0), shape, color=GREY, ms=6, mew=1.4
                )
        for name, shape in zip(names, SHAPES, strict=False):
            axes.plot([], [], shape, color=GREY, label=shown.name(name), linestyle="")
        axes.set_yticks(range(len(found)), [group.title(variant) for variant in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlabel(label)
        axes.grid(axis="y", color=RULE)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if names:
            legend(axes)
    caption = f"{scoring.title[0].upper()}{scoring.title[1:]} on {group.name}; circles are seeds, the bar their mean; "
    return finished(figure, f"{group.name}-{scoring.slug}-bars", caption + spread(group, "lines are"))


def _bar(axes: Axes, place: int, values: list[float], colour: str) -> None:
    interval = mean_interval(values)
    if interval.half_width is not None:
        axes.plot([interval.low, interval.high], [place, place], color=colour, alpha=0.5)
    axes.plot(values, [place] * len(values), "o", color=colour, ms=3, mfc="none")
    axes.plot([interval.mean], [place], "|", color=colour, ms=11, mew=1.8)
