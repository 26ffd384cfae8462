"""Ablations: what one changed value does, in one table each, beside what its paper printed."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from selfsup.report.content import Ablation, Group
from selfsup.report.intervals import Interval, mean_interval, spelled
from selfsup.report.rows import numbers
from selfsup.report.tables import Cell, Column, Table

Place = float | str


@dataclass(frozen=True)
class Point:
    """One place on one line: the run there with its interval over seeds, and the published number; either may be absent."""

    line: str
    place: Place
    run: str = ""
    interval: Interval | None = None
    published: float | None = None
    unit: str = ""


def points(ablation: Ablation, rows: pd.DataFrame) -> list[Point]:
    """Return the points, line by line, in the order of the suite; what only the paper has comes last in its line."""
    found = []
    for line in dict.fromkeys([*ablation.lines, *ablation.published]):
        published = dict(ablation.published.get(line, {}))
        for run, place in ablation.lines.get(line, {}).items():
            protocol = ablation.protocol(line)
            own = numbers(rows, run, protocol, ablation.metric, label_fraction=ablation.label_fraction)
            interval = mean_interval(own["value"].tolist()) if len(own) else None
            unit = str(own["unit"].iloc[0]) if len(own) else ""
            found.append(Point(line, place, run, interval, published.pop(place, None), unit))
        found += [Point(line, place, published=value) for place, value in published.items()]
    return found


def ablation_table(ablation: Ablation, found: list[Point], group: Group) -> Table:
    """Return a row a point: line, place, our number and the published one."""
    unit = next((point.unit for point in found if point.unit), "")
    columns = [
        Column("line", "line"),
        Column("place", ablation.axis, numeric=ablation.scale != "categories"),
        Column("run", "run"),
        Column("ours", "ours", unit, numeric=True),
        Column("seeds", "seeds", numeric=True),
        Column("published", "published", "other data or encoder", numeric=True),
    ]
    decimals = max((len(f"{value:g}".partition(".")[2]) for value in _published(found)), default=0)
    body = [_row(point, unit, decimals, group) for point in found]
    if not ablation.published:
        columns, body = columns[:-1], [row[:-1] for row in body]
    if len({point.line for point in found}) == 1:
        columns, body = columns[1:], [row[1:] for row in body]
    return Table(f"ablation-{ablation.name}", ablation.title, columns, body, [note(ablation, group)])


def note(ablation: Ablation, group: Group) -> str:
    """Return what was measured where, and whose question it is."""
    source: Mapping[str, str] = ablation.source
    asked = {s.protocol.name: s.protocol for s in group.scorings if s.protocol.name in ablation.protocols}
    metric = next(protocol.shown.metrics[ablation.metric].title for protocol in asked.values())
    measured = f"{' and '.join(asked[name].title for name in ablation.protocols)}, {metric}"
    return (
        f"{measured[:1].upper()}{measured[1:]}{metric} on {ablation.group}. After {source['paper']}, {source['where']}."
    )


def _published(found: list[Point]) -> list[float]:
    return [point.published for point in found if point.published is not None]


def _row(point: Point, unit: str, decimals: int, group: Group) -> list[Cell]:
    place = point.place if isinstance(point.place, str) else f"{point.place:g}"
    ours = Cell("not measured" if point.run else "no run", absent=True)
    if point.interval is not None:
        ours = Cell(spelled(point.interval, 1 if unit == "%" else 2), value=point.interval.mean)
    seeds = point.interval.n if point.interval else 0
    published = (
        Cell("", absent=True)
        if point.published is None
        else Cell(f"{point.published:.{decimals}f}", value=point.published)
    )
    return [
        Cell(point.line),
        Cell(place, value=None if isinstance(point.place, str) else point.place),
        Cell(group.title(point.run)),
        ours,
        Cell(str(seeds) if seeds else "", value=seeds, absent=not seeds),
        published,
    ]
