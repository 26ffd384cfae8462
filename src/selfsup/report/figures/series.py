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
ROOM = 50  # characters below a panel that stand upright
Place = str | float


@dataclass(frozen=True)
class Series:
    """One line: its points by place, how it looks, and levels to compare it with, by their labels."""

    label: str
    points: Mapping[Place, Interval]
    look: dict[str, Any]
    levels: dict[str, float] = field(default_factory=dict)


def draw(panels: dict[str, list[Series]], places: Sequence[Place], shown: Shown, over: str, label: str) -> Figure:
    """Return the panels with one vertical axis, called ``label``; a panel alone has no title."""
    figure = canvas(5.2 if len(panels) == 1 else 1.4 + 1.7 * len(panels), 2.5)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, found) in zip(grid, panels.items(), strict=True):
        for n, series in enumerate(found):
            line(axes, series, places, 0.04 * (n - (len(found) - 1) / 2))
        axes.grid(axis="y")
        axis(axes, [_word(place, shown, over) for place in places], ROOM // len(panels))
        if len(panels) > 1:
            axes.set_title(title)
    if name := axis_name(shown, over):
        figure.supxlabel(name, fontsize=8)
    grid[0].set_ylabel(label)
    legend(grid[-1], *grid[:-1])
    return figure


def line(axes: Axes, series: Series, places: Sequence[Place], shift: float = 0.0) -> None:
    """Draw one line; ``shift`` keeps intervals from lying on each other."""
    measured = [(x + shift, series.points[place]) for x, place in enumerate(places) if place in series.points]
    axes.errorbar(
        [x for x, _ in measured],
        [interval.mean for _, interval in measured],
        [interval.half_width or 0.0 for _, interval in measured],
        **{"elinewidth": 0.8, "label": series.label, **series.look},
    )
    for label, level in series.levels.items():
        axes.axhline(level, color=series.look["color"], linestyle=":", linewidth=0.9, label=label)


def axis(axes: Axes, words: Sequence[str], room: int) -> None:
    """Name the places below a panel, aslant where they need more than ``room`` characters."""
    aslant = sum(len(word) + 2 for word in words) > room
    axes.set_xticks(range(len(words)), words, rotation=35 if aslant else 0, ha="right" if aslant else "center")
    axes.set_xlim(-0.3, len(words) - 0.7)


def ends(axes: Axes, places: Sequence[Place], shown: Shown, over: str) -> None:
    """Name the first and the last place below a narrow panel."""
    at = sorted({0, len(places) - 1})
    axes.set_xticks(at, [_word(places[n], shown, over) for n in at])
    axes.set_xlim(-0.3, len(places) - 0.7)


def axis_name(shown: Shown, over: str) -> str:
    """Return what an axis is called, empty for layers, whose names say it."""
    return AXES.get(over, shown.names.get(over, ""))


def ordered(places: Iterable[Place]) -> list[Place]:
    """Return each place once: words as they come, numbers rising."""
    return sorted(dict.fromkeys(places), key=lambda place: 0.0 if isinstance(place, str) else place)


def _word(place: Place, shown: Shown, over: str) -> str:
    if isinstance(place, str):
        return shown.name(place)
    return f"{100 * place:g} %" if over == "label_fraction" else f"{place:g}"
