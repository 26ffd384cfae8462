"""A metric along one of its dimensions: by layer, by share of labels, by labels a class, by threshold."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from selfsup.config.shown import Figure as FigureSpec
from selfsup.config.shown import Shown
from selfsup.report.figures.series import DASHES, Position, Series, add_line, axis_name, lines_figure, ordered, tick
from selfsup.report.figures.style import GREY, STYLE, Plot, canvas, markers, over_seeds, palette, plot
from selfsup.report.group import Group, Scoring
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.metric_table import Family, reference
from selfsup.report.scores import quantities, scored
from selfsup.report.tables import joined

MAX_LINES = 10  # that can be distinguished in one panel
ACROSS = 6
TITLE_LETTERS = 17  # of a narrow panel's title in one line
BACKGROUND = {"color": GREY, "linewidth": 0.6, "elinewidth": 0.4}
Points = dict[str, dict[Position, Interval]]


@mpl.rc_context(STYLE)
def lines(group: Group, family: Family, spec: FigureSpec, rows: pd.DataFrame) -> Plot | None:
    """Return the figure, None where fewer than two positions were measured.

    Few lines share a panel, more have one for each protocol; many variants have a panel each, with the anchors in grey. An
    anchor of a single layer is a level, not a line.
    """
    shown, over = family.shown, str(spec.over)
    every = [(scoring, _points(scored(rows, scoring), shown, spec)) for scoring in family.scorings]
    curves = [(scoring, points) for scoring, points in every if points]
    drawn = [line for _, points in curves for variant, line in points.items() if not _is_level(group, variant, line)]
    positions = ordered(position for line in drawn for position in line)
    if len(positions) < 2:
        return None
    variants = [variant for variant in group.variants if any(variant in points for _, points in curves)]
    metric = shown.metrics[spec.metric]
    label = joined(metric.title.replace("{at}", "k"), metric.unit)
    scored_on, axis = group.scored_on(family.scorings), axis_name(shown, over) or over
    caption = f"{shown.title} {scored_on}, by {axis}; {over_seeds(group, 'bars are')}"
    if len(variants) > MAX_LINES:
        figure = _by_variant(group, curves, variants, positions, shown, over)
        figure.supylabel(label, fontsize=8)
        styles = [f"{word} {scoring.title}" for word, (scoring, _) in zip(DASHES, curves, strict=False)]
        caption += f" Lines: {', '.join(styles)}." if len(styles) > 1 else ""
        caption += " The anchors are grey, those of one layer horizontal."
    else:
        figure = lines_figure(_panels(group, curves, shown, rows), positions, shown, over, label)
    return plot(figure, f"{group.name}-{curves[0][0].slug}-{spec.metric}-by-{over}", caption)


def _is_level(group: Group, variant: str, line: Mapping[Position, Interval]) -> bool:
    """Return whether an anchor has one layer alone: it is compared with every position of the others."""
    return bool(group.anchor(variant)) and len(line) == 1 and isinstance(next(iter(line)), str)


def _points(measured: pd.DataFrame, shown: Shown, spec: FigureSpec) -> Points:
    """Return {variant: {position: interval}} of one protocol's rows."""
    curves: Points = {}
    for quantity in quantities(shown, measured):
        if quantity.metric == spec.metric and quantity.dimensions.keys() == {spec.over}:
            for variant, part in quantity.select(measured).groupby("variant", sort=False):
                position = quantity.dimensions[str(spec.over)]
                curves.setdefault(str(variant), {})[position] = mean_interval(part["value"])
    return curves


def _panels(
    group: Group, curves: Sequence[tuple[Scoring, Points]], shown: Shown, rows: pd.DataFrame
) -> dict[str, list[Series]]:
    """Return the lines by panel: few in one, dashed by protocol, else a panel for each protocol."""
    level = reference(group, rows, shown)
    together = sum(len(points) for _, points in curves) <= MAX_LINES
    panels: dict[str, list[Series]] = {}
    for n, (scoring, points) in enumerate(curves):
        for variant, by_position in points.items():
            title = group.title(variant)
            dash = [*DASHES.values()][n % len(DASHES) if together else 0]
            options = {"color": palette(group)[variant], "marker": markers(group)[variant], "linestyle": dash}
            label = f"{title}:\n{scoring.title}" if together and len(curves) > 1 else title
            levels = level.levels(variant, title) if level else {}
            if _is_level(group, variant, by_position):
                levels, by_position = {label: next(iter(by_position.values())).mean}, {}
            panels.setdefault("" if together else scoring.title, []).append(Series(label, by_position, options, levels))
    return panels


def _by_variant(
    group: Group,
    curves: Sequence[tuple[Scoring, Points]],
    variants: Sequence[str],
    positions: Sequence[Position],
    shown: Shown,
    over: str,
) -> Figure:
    """Return a panel for each variant that is no anchor, at its own positions, with a line for each protocol."""
    compared = [variant for variant in variants if not group.anchor(variant)]
    anchors = [variant for variant in group.variants if group.anchor(variant)]
    down = math.ceil(len(compared) / ACROSS)
    figure = canvas(1.15 * ACROSS, 0.4 + 1.05 * down)
    grid = figure.subplots(down, ACROSS, sharey=True, squeeze=False).ravel()
    for axes, variant in zip(grid, compared, strict=False):
        present = {position for _, points in curves for position in points.get(variant, {})}
        own_positions = [position for position in positions if position in present]
        x = {position: float(n) for n, position in enumerate(own_positions)}
        for other in [*anchors, variant]:
            options = {"color": palette(group)[variant], "marker": "."} if other == variant else BACKGROUND
            for (_, points), dash in zip(curves, DASHES.values(), strict=False):
                line = points.get(other, {})
                if _is_level(group, other, line):
                    axes.axhline(next(iter(line.values())).mean, color=GREY, linestyle=dash, linewidth=0.6)
                elif over != "layer" or line.keys() == present:  # layers of one name differ between encoders
                    add_line(axes, Series("", line, {**options, "linestyle": dash}), x)
        ends = sorted({0, len(own_positions) - 1})
        axes.set_xticks(ends, [tick(own_positions[n], shown, over) for n in ends])
        axes.set_xlim(-0.3, len(own_positions) - 0.7)
        axes.set_title(in_two_lines(group.title(variant)), fontsize=6.5)
        axes.tick_params(labelsize=6)
        axes.grid(axis="y")
    for axes in grid[len(compared) :]:
        axes.remove()
    return figure


def in_two_lines(title: str) -> str:
    """Return a title that is too long for a narrow panel with a break after the space or hyphen nearest its middle."""
    breaks = [n + 1 for n, letter in enumerate(title) if letter in " -"]
    if len(title) <= TITLE_LETTERS or not breaks:
        return title
    middle = min(breaks, key=lambda n: abs(n - len(title) / 2))
    return f"{title[:middle].rstrip()}\n{title[middle:]}"
