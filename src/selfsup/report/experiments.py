"""An experiment in numbers: a row for each of its conditions, a column for what is measured and for each baseline."""

import matplotlib as mpl
import pandas as pd

from selfsup.config.shown import Figure, Shown
from selfsup.report.content import Experiment
from selfsup.report.figures.series import DASHES, Place, Series, draw, ordered
from selfsup.report.figures.style import GREY, STYLE, Drawing, finished
from selfsup.report.intervals import Interval, mean_interval, spelled
from selfsup.report.quantities import Quantity, quantities
from selfsup.report.rows import select
from selfsup.report.tables import Cell, Column, Table

CONDITIONS = ("subset", "at")
OURS = "#0173b2"  # the first of the palette of all figures


def experiment_table(experiment: Experiment, rows: pd.DataFrame) -> Table:
    """Return a row for each subset and threshold."""
    shown = experiment.shown
    found = quantities(shown, rows)
    columns = {(quantity.metric, quantity.where.get("baseline", "")): quantity for quantity in found}
    subsets = list(dict.fromkeys(quantity.where.get("subset", "") for quantity in found))
    places = {tuple(quantity.where.get(name, "") for name in CONDITIONS) for quantity in found}
    conditions = sorted(places, key=lambda place: (subsets.index(place[0]), place[1]))
    used = [n for n, name in enumerate(CONDITIONS) if any(condition[n] != "" for condition in conditions)]
    headings = [Column(CONDITIONS[n], shown.name(CONDITIONS[n]), numeric=CONDITIONS[n] == "at") for n in used]
    headings += [_heading(quantity) for quantity in columns.values()]
    body = [
        [
            *(_condition(shown.name(str(v)) if isinstance(v := condition[n], str) else f"{v:g}", v) for n in used),
            *(_cell(rows, quantity.at("subset", condition[0]).at("at", condition[1])) for quantity in columns.values()),
        ]
        for condition in conditions
    ]
    notes = ["Mean ± half the 95 % t-interval over seeds.", *([shown.note] if shown.note else [])]
    return Table(experiment.name, shown.title, headings, body, notes)


def experiment_drawing(experiment: Experiment, rows: pd.DataFrame) -> Drawing | None:
    """Return the first figure of lines that the experiment declares, a panel for each subset; None without any."""
    shown = experiment.shown
    asked = next((figure for figure in shown.figures if figure.kind == "lines"), None)
    if asked is None or rows.empty:
        return None
    own = select(rows, metric=asked.metric)
    places = ordered(own[str(asked.over)].tolist())
    panels = {shown.name(str(subset)): _panel(part, shown, asked) for subset, part in own.groupby("subset", sort=False)}
    metric = shown.metrics[asked.metric]
    with mpl.rc_context(STYLE):
        figure = draw(panels, places, shown, str(asked.over), f"{metric.title}, {metric.unit}")
    return finished(figure, experiment.name, f"{shown.title}; bars are 95 % t-intervals over seeds.")


def _panel(rows: pd.DataFrame, shown: Shown, asked: Figure) -> list[Series]:
    """Return a line for what is measured, in colour, and for each baseline, in grey."""
    found = []
    for n, name in enumerate(sorted(dict.fromkeys(rows["baseline"]), key=bool)):
        own = select(rows, baseline=name)
        points: dict[Place, Interval] = {
            place: mean_interval(own[own[str(asked.over)] == place]["value"].tolist()) for place in own[str(asked.over)]
        }
        dash = [*DASHES.values()][n % len(DASHES)]
        look = {"color": GREY, "linestyle": dash} if name else {"color": OURS, "marker": "o"}
        found.append(Series(shown.name(name), points, look))
    return found


def _heading(quantity: Quantity) -> Column:
    baseline = str(quantity.where.get("baseline", ""))
    name = quantity.shown.name(baseline) or quantity.title
    return Column(f"{quantity.metric}/{baseline}", name, quantity.declared.unit, numeric=True)


def _condition(text: str, value: str | float) -> Cell:
    return Cell(text, value=None if isinstance(value, str) else value)


def _cell(rows: pd.DataFrame, quantity: Quantity) -> Cell:
    values = quantity.of(rows)["value"].tolist()
    if not values:
        return Cell("not measured", absent=True)
    interval = mean_interval(values)
    return Cell(spelled(interval, quantity.declared.decimals), value=interval.mean)
