"""Ablations: the effect of one changed value, as a table and a figure, beside what its paper reports."""

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.config.ablations import group_and_run
from selfsup.report.content import Ablation
from selfsup.report.figures.series import Position, Series, add_line, label_ticks
from selfsup.report.figures.style import MARKERS, STYLE, Plot, canvas, handles, over_seeds, plot
from selfsup.report.group import Group, Protocol
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.levels import Levels, add_levels, crossings
from selfsup.report.rows import numbers
from selfsup.report.scores import NOT_MEASURED
from selfsup.report.tables import Cell, Column, Table, capitalized, decimals_of, joined

MAX_LETTERS, MAX_LETTERS_PUBLISHED = 36, 18  # of unrotated tick labels below a panel
MAX_LETTERS_LEGEND = 22  # of three labels side by side

Numbers = dict[tuple[str, Position], Interval]  # by line and position


@dataclass(frozen=True)
class Point:
    """One position on one line: the run with its interval over seeds, and the published number; either may be missing."""

    line: str
    position: Position
    group: str = ""
    run: str = ""
    interval: Interval | None = None
    published: float | None = None
    unit: str = ""


def points(ablation: Ablation, rows: Mapping[str, pd.DataFrame]) -> list[Point]:
    """Return the points, line by line, in the order of the suite; those that are only published are the last of a line.

    ``rows`` are by group.
    """
    all_points = []
    for line in ablation.all_lines:
        published = dict(ablation.published.get(line, {}))
        for name, position in ablation.lines.get(line, {}).items():
            group, run = group_and_run(name, ablation.group)
            where = {"label_fraction": ablation.label_fraction, "dataset": ablation.data}
            measured = numbers(rows[group], run, ablation.protocol(line), ablation.metric, **where)
            interval = mean_interval(measured["value"]) if len(measured) else None
            unit = str(measured["unit"].iloc[0]) if len(measured) else ""
            all_points.append(Point(line, position, group, run, interval, published.pop(position, None), unit))
        all_points += [Point(line, position, published=value) for position, value in published.items()]
    return all_points


def ablation_table(ablation: Ablation, points: list[Point], levels: Levels, groups: Mapping[str, Group]) -> Table:
    """Return a row per point: line, position, our number and the published one; then a row per level.

    ``groups`` are by name.
    """
    values = [f"{point.published:g}" for point in points if point.published is not None]
    decimals = max((len(value.partition(".")[2]) for value in values), default=0)
    unit = next((point.unit for point in points if point.unit), "")
    columns = [
        Column("line", "line"),
        Column("place", ablation.axis, numeric=ablation.scale != "categories"),
        Column("run", "run"),
        Column("ours", "ours", unit, numeric=True),
        Column("seeds", "seeds", numeric=True),
        Column("published", "published", "other data or encoder", numeric=True),
    ]
    rows = [_row(point, unit, decimals, groups) for point in points]
    rows += [_level(title, level, unit) for title, level in levels.items()]
    notes = [_note(ablation, points, groups), *_reached(ablation, points, levels)]
    table = Table(f"ablation-{ablation.name}", ablation.title, columns, rows, notes)
    first, last = int(len({row[0].text for row in rows}) == 1), 6 if ablation.published else 5
    return table.select([*range(first, last)])


def _row(point: Point, unit: str, decimals: int, groups: Mapping[str, Group]) -> list[Cell]:
    ours = Cell(NOT_MEASURED if point.run else "no run", absent=True)
    seeds = published = Cell("", absent=True)
    if point.interval is not None:
        ours = Cell(point.interval.text(decimals_of(unit)), value=point.interval.mean)
        seeds = Cell(str(point.interval.n), value=point.interval.n)
    if point.published is not None:
        published = Cell(f"{point.published:.{decimals}f}", value=point.published)
    position = Cell(_tick(point.position), value=None if isinstance(point.position, str) else point.position)
    run = Cell(groups[point.group].title(point.run)) if point.run else Cell("")
    return [Cell(point.line), position, run, ours, seeds, published]


def _level(title: str, level: Interval, unit: str) -> list[Cell]:
    ours, seeds = Cell(level.text(decimals_of(unit)), value=level.mean), Cell(str(level.n), value=level.n)
    return [Cell("level to reach"), Cell(""), Cell(title), ours, seeds, Cell("", absent=True)]


def _reached(ablation: Ablation, points: list[Point], levels: Levels) -> list[str]:
    """Return where the lines reach the levels, in means; nothing where the axis is not logarithmic."""
    if ablation.scale != "log":
        return []
    curves: dict[str, dict[float, float]] = {}
    for point in points:
        if point.interval is not None:
            curves.setdefault(point.line, {})[float(point.position)] = point.interval.mean
    return crossings(curves, levels, next((point.unit for point in points if point.unit), ""))


def _protocols(ablation: Ablation, group: Group) -> list[Protocol]:
    protocols = {scoring.protocol.name: scoring.protocol for scoring in group.scorings}
    return [protocols[name] for name in ablation.protocols]


def _note(ablation: Ablation, points: list[Point], groups: Mapping[str, Group]) -> str:
    """Return what was measured on which data, and where it is published."""
    protocols = _protocols(ablation, groups[ablation.group])
    data = [ablation.data] if ablation.data else dict.fromkeys(point.group for point in points if point.group)
    metric = protocols[0].shown.metrics[ablation.metric]
    measured = f"{' and '.join(protocol.title for protocol in protocols)}, {metric.title}"
    source = f" After {ablation.source['paper']}, {ablation.source['where']}." if ablation.source else ""
    return f"{capitalized(measured)} on {' and '.join(data)}.{source}"


@mpl.rc_context(STYLE)
def ablation_plot(ablation: Ablation, points: list[Point], levels: Levels, groups: Mapping[str, Group]) -> Plot | None:
    """Return a panel of our numbers, with the levels, and one of the published; None without ours.

    Lines, axis and colours of the two are equal.
    """
    ours = {(point.line, point.position): point.interval for point in points if point.interval is not None}
    if not ours:
        return None
    reported = [(line, position, v) for line, values in ablation.published.items() for position, v in values.items()]
    published = {(line, position): Interval(value, None, 1) for line, position, value in reported}
    group = groups[ablation.group]
    first, *others = _protocols(ablation, group)
    headline = not others and ablation.metric == first.shown.headline
    unit = next(point.unit for point in points if point.unit or point.interval is not None)
    positions = list(dict.fromkeys(point.position for point in points))
    figure = canvas(5.2, 2.5)
    panels = figure.subplots(1, 2 if published else 1, squeeze=False, width_ratios=[3, 2] if published else [1])[0]
    _panel(panels[0], ablation, ours, positions, published=False)
    add_levels(panels[0], levels)
    panels[0].set_ylabel(joined(first.title if headline else first.shown.metrics[ablation.metric].title, unit))
    if published:
        _panel(panels[1], ablation, published, positions, published=True)
        panels[1].set_title("as published", alpha=0.7)
    if len({point.line for point in points}) > 1 or levels:
        lines = handles(panels)
        across = 2 if max(map(len, lines)) > MAX_LETTERS_LEGEND else 3
        figure.set_figheight(2.5 + 0.15 * max(0, -(-len(lines) // across) - 2))
        options = {"ncols": across, "fontsize": 7.5, "frameon": False}
        figure.legend(list(lines.values()), list(lines), loc="outside upper left", **options)
    theirs = " The pale panel is the paper's own data and encoder, on another axis." if published else ""
    grey = " Grey lines are levels to reach, with their intervals." if levels else ""
    caption = f"{ablation.title}: {over_seeds(group, 'bars are')} {_note(ablation, points, groups)}{theirs}{grey}"
    return plot(figure, f"ablation-{ablation.name}", caption)


def _panel(axes: Axes, ablation: Ablation, numbers: Numbers, positions: list[Position], published: bool) -> None:
    lines = ablation.all_lines
    colours = sns.color_palette("colorblind", len(lines)).as_hex()
    categories = ablation.scale == "categories"
    present = positions if categories else sorted({position for _, position in numbers}, key=float)
    x = {position: float(n if categories else position) for n, position in enumerate(present)}
    for n, line in enumerate(lines):
        shift = 0.06 * (n - (len(lines) - 1) / 2) if categories else 0.0
        intervals = {position: interval for (of, position), interval in numbers.items() if of == line}
        options = {
            "color": colours[n],
            "marker": MARKERS[n % len(MARKERS)],
            "linestyle": "" if categories else "-",
            "alpha": 0.5 if published else 1.0,
        }
        add_line(axes, Series(line, intervals, options), {position: at + shift for position, at in x.items()})
    axes.set_xlabel(ablation.axis)
    axes.grid(axis="y")
    if ablation.scale == "log":
        axes.set_xscale("log")
    max_letters = MAX_LETTERS_PUBLISHED if published else MAX_LETTERS
    label_ticks(axes, list(x.values()), [_tick(position) for position in present], max_letters)
    axes.tick_params(axis="x", labelsize=7)
    if categories:
        axes.set_xlim(-0.5, len(positions) - 0.5)
    axes.minorticks_off()


def _tick(position: Position) -> str:
    return position if isinstance(position, str) else f"{position:g}"
