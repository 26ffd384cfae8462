"""Experiments: a row for each of the conditions, a column for what is measured and for each baseline."""

from typing import Any

import matplotlib as mpl
import pandas as pd

from selfsup.config.shown import Figure, Shown
from selfsup.report.content import Experiment
from selfsup.report.figures.series import DASHES, Series, lines_figure, ordered
from selfsup.report.figures.style import GREY, STYLE, Plot, plot
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.rows import select
from selfsup.report.scores import NOT_MEASURED, Quantity, quantities
from selfsup.report.tables import Cell, Column, Table

CONDITIONS = ("subset", "at")
OURS = "#0173b2"  # the first colour of the palette


def experiment_table(experiment: Experiment, rows: pd.DataFrame) -> Table:
    """Return a row for each subset and threshold."""
    shown = experiment.shown
    every = quantities(shown, rows)
    columns = {(quantity.metric, quantity.dimensions.get("baseline", "")): quantity for quantity in every}
    subsets = list(dict.fromkeys(quantity.dimensions.get("subset", "") for quantity in every))
    values = {tuple(quantity.dimensions.get(name, "") for name in CONDITIONS) for quantity in every}
    conditions = [
        dict(zip(CONDITIONS, v, strict=True)) for v in sorted(values, key=lambda v: (subsets.index(v[0]), v[1]))
    ]
    used = [name for name in CONDITIONS if any(condition[name] != "" for condition in conditions)]
    headings = [Column(name, shown.name(name), numeric=name == "at") for name in used]
    headings += [_heading(quantity) for quantity in columns.values()]
    cells = [
        [
            *(_condition(shown, condition[name]) for name in used),
            *(_cell(rows, quantity.at(**{name: condition[name] for name in used})) for quantity in columns.values()),
        ]
        for condition in conditions
    ]
    notes = ["Mean ± half the 95 % t-interval over seeds.", *([shown.note] if shown.note else [])]
    return Table(experiment.name, shown.title, headings, cells, notes)


def _heading(quantity: Quantity) -> Column:
    baseline = str(quantity.dimensions.get("baseline", ""))
    name = quantity.shown.name(baseline) or quantity.title
    return Column(f"{quantity.metric}/{baseline}", name, quantity.spec.unit, numeric=True)


def _condition(shown: Shown, value: str | float) -> Cell:
    return Cell(shown.name(value)) if isinstance(value, str) else Cell(f"{value:g}", value=value)


def _cell(rows: pd.DataFrame, quantity: Quantity) -> Cell:
    values = quantity.select(rows)["value"]
    if values.empty:
        return Cell(NOT_MEASURED, absent=True)
    interval = mean_interval(values)
    return Cell(interval.text(quantity.spec.decimals), value=interval.mean)


@mpl.rc_context(STYLE)
def experiment_plot(experiment: Experiment, rows: pd.DataFrame) -> Plot | None:
    """Return the first figure of lines that the experiment declares, a panel for each subset; None without any."""
    shown = experiment.shown
    spec = next((figure for figure in shown.figures if figure.kind == "lines"), None)
    if spec is None or rows.empty:
        return None
    measured = select(rows, metric=spec.metric)
    subsets = measured.groupby("subset", sort=False)
    panels = {shown.name(str(subset)): _panel(part, shown, spec) for subset, part in subsets}
    metric, over = shown.metrics[spec.metric], str(spec.over)
    figure = lines_figure(panels, ordered(measured[over].tolist()), shown, over, f"{metric.title}, {metric.unit}")
    return plot(figure, experiment.name, f"{shown.title}; bars are 95 % t-intervals over seeds.")


def _panel(rows: pd.DataFrame, shown: Shown, spec: Figure) -> list[Series]:
    """Return a coloured line for what is measured, and a grey one for each baseline."""
    series = []
    for n, name in enumerate(sorted(dict.fromkeys(rows["baseline"]), key=bool)):
        by_position = select(rows, baseline=name).groupby(str(spec.over), sort=False)["value"]
        points: dict[Any, Interval] = {position: mean_interval(values) for position, values in by_position}
        dash = [*DASHES.values()][n % len(DASHES)]
        options = {"color": GREY, "linestyle": dash} if name else {"color": OURS, "marker": "o"}
        series.append(Series(shown.name(name), points, options))
    return series
