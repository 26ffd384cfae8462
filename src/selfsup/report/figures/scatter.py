"""Two protocols of one evaluation against each other, such as what is said against who speaks."""

import matplotlib as mpl
import pandas as pd

from selfsup.config.shown import Figure as Asked
from selfsup.report.content import Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.metric_table import Family
from selfsup.report.quantities import Quantity, scored
from selfsup.report.rows import select


def scatter(group: Group, family: Family, asked: Asked, rows: pd.DataFrame) -> Drawing | None:
    """Return a place for each variant: the first protocol's metric to the right, the second's upwards; None without two."""
    across, *others = family.scorings
    quantity = Quantity(family.shown, asked.metric)
    found: dict[str, list[Interval]] = {}
    for variant in group.variants:
        parts = [quantity.of(select(scored(rows, one), variant=variant)) for one in [across, *others[:1]]]
        if len(parts) == 2 and all(map(len, parts)):
            found[variant] = [mean_interval(part["value"].tolist()) for part in parts]
    if not found:
        return None
    colours, shapes = palette(group), markers(group)
    with mpl.rc_context(STYLE):
        figure = canvas(4.6, 2.7)
        axes = figure.subplots()
        for variant, (x, y) in found.items():
            half = (y.half_width or 0.0, x.half_width or 0.0)
            label = group.title(variant)
            axes.errorbar(x.mean, y.mean, *half, color=colours[variant], marker=shapes[variant], ls="", label=label)
        axes.set_xlabel(f"{across.title}, {quantity.declared.unit}")
        axes.set_ylabel(f"{others[0].title}, {quantity.declared.unit}")
        axes.grid()
        legend(axes)
    caption = f"{family.shown.title} on {group.name}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-{across.slug}-scatter", caption)
