"""Lines of means with intervals along one axis, in panels side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selfsup.config.shown import Shown
from selfsup.report.figures.style import canvas, legend
from selfsup.report.intervals import Interval

DASHES = {"solid": "-", "dashed": "--", "dotted": ":", "dash-dotted": "-."}
AXES = {"label_fraction": "share of the training labels", "shots": "labelled examples a class"}
MAX_LETTERS = 50  # of unrotated tick labels below all panels
Position = str | float


@dataclass(frozen=True)
class Series:
    """One line: its points by position, matplotlib's ``options``, and levels to compare it with, by their labels."""

    label: str
    points: Mapping[Position, Interval]
    options: dict[str, Any]
    levels: dict[str, float] = field(default_factory=dict)


def lines_figure(
    panels: dict[str, list[Series]], positions: Sequence[Position], shown: Shown, over: str, label: str
) -> Figure:
    """Return panels by title with one vertical axis, called ``label``; a single panel has no title."""
    figure = canvas(5.2 if len(panels) == 1 else 1.4 + 1.7 * len(panels), 2.5)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, lines) in zip(grid, panels.items(), strict=True):
        for n, series in enumerate(lines):
            shift = 0.04 * (n - (len(lines) - 1) / 2)  # separates the intervals at one position
            add_line(axes, series, {position: x + shift for x, position in enumerate(positions)})
        axes.grid(axis="y")
        ticks = [tick(position, shown, over) for position in positions]
        label_ticks(axes, range(len(ticks)), ticks, MAX_LETTERS // len(panels))
        axes.set_xlim(-0.3, len(ticks) - 0.7)
        if len(panels) > 1:
            axes.set_title(title)
    if name := axis_name(shown, over):
        figure.supxlabel(name, fontsize=8)
    grid[0].set_ylabel(label)
    legend(grid[-1], *grid[:-1])
    return figure


def add_line(axes: Axes, series: Series, x: Mapping[Position, float]) -> None:
    """Add one line to the axes, in the order of ``x``, the coordinate of each position."""
    measured = {x[position]: series.points[position] for position in x if position in series.points}
    axes.errorbar(
        list(measured),
        [interval.mean for interval in measured.values()],
        [interval.half_width or 0.0 for interval in measured.values()],
        **{"elinewidth": 0.8, "label": series.label, **series.options},
    )
    for label, level in series.levels.items():
        axes.axhline(level, color=series.options["color"], linestyle=":", linewidth=0.9, label=label)


def label_ticks(axes: Axes, x: Sequence[float], ticks: Sequence[str], max_letters: int) -> None:
    """Label the ticks, rotated where they have more than ``max_letters``."""
    rotated = sum(len(tick) + 2 for tick in ticks) > max_letters
    axes.set_xticks(x, ticks, rotation=35 if rotated else 0, ha="right" if rotated else "center")


def axis_name(shown: Shown, over: str) -> str:
    """Return the title of an axis, empty for layers, whose names suffice."""
    return AXES.get(over, shown.names.get(over, ""))


def ordered(positions: Iterable[Position]) -> list[Position]:
    """Return each position once: words in their order, numbers ascending."""
    return sorted(dict.fromkeys(positions), key=lambda position: 0.0 if isinstance(position, str) else position)


def tick(position: Position, shown: Shown, over: str) -> str:
    """Return the label of a position."""
    if isinstance(position, str):
        return shown.name(position)
    return f"{100 * position:g} %" if over == "label_fraction" else f"{position:g}"
