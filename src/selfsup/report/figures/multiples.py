"""Small multiples: a panel for each variant, for groups of more variants than one panel can tell apart."""

import math
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selfsup.report.content import Group
from selfsup.report.figures.style import canvas
from selfsup.report.headline import anchor

CROWD = 10
ACROSS = 6
LONG = 17  # letters that a panel's title has room for


def crowded(variants: Sequence[str]) -> bool:
    """Return whether lines of so many variants in one panel could not be told apart."""
    return len(variants) > CROWD


def multiples(titles: dict[str, str], draw: Callable[[Axes, str], None]) -> Figure:
    """Return a figure in which ``draw`` has filled one panel for each key of ``titles``; all share the vertical axis."""
    down = math.ceil(len(titles) / ACROSS)
    figure = canvas(1.15 * ACROSS, 0.4 + 1.05 * down)
    grid = figure.subplots(down, ACROSS, sharey=True, squeeze=False).ravel()
    for axes, (variant, title) in zip(grid, titles.items(), strict=False):
        draw(axes, variant)
        axes.set_title(in_two_lines(title), fontsize=6.5)
        axes.tick_params(labelsize=6)
        axes.grid(axis="y")
    for axes in grid[len(titles) :]:
        axes.remove()
    return figure


def in_two_lines(name: str) -> str:
    """Return a name broken after the space or hyphen nearest its middle, where it is too long for a narrow panel."""
    joints = [n + 1 for n, letter in enumerate(name) if letter in " -"]
    if len(name) <= LONG or not joints:
        return name
    joint = min(joints, key=lambda n: abs(n - len(name) / 2))
    return f"{name[:joint].rstrip()}\n{name[joint:]}"


def behind(group: Group) -> list[str]:
    """Return the anchors that every panel shows in grey."""
    return [variant for variant in group.variants if anchor(group, variant)]
