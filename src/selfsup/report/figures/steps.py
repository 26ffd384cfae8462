"""Prediction ahead: how often the right one was found at each number of steps, as training ended."""

import re

import matplotlib as mpl

from selfsup.report.content import Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.figures.training import read_curves
from selfsup.report.intervals import mean_interval

STEP = re.compile(r"accuracy_step_(\d+)")
LAST = 10  # logged rows of a hundred: one batch alone is noise


def steps(group: Group) -> Drawing | None:
    """Return a line a variant over the steps that it predicts, None where no variant logged any."""
    curves = read_curves(group)
    columns = {int(match[1]): name for name in curves.columns if (match := STEP.fullmatch(str(name)))}
    variants = [
        v for v in group.variants if curves[curves["variant"] == v][list(columns.values())].notna().any(axis=None)
    ]
    if not variants:
        return None
    colours, shapes = palette(group), markers(group)
    with mpl.rc_context(STYLE):
        figure = canvas(4.6, 2.4)
        axes = figure.subplots()
        for variant in variants:
            last = curves[curves["variant"] == variant].groupby("seed").tail(LAST).groupby("seed")
            means = {k: 100 * last[columns[k]].mean().dropna() for k in sorted(columns)}
            found = {k: mean_interval(values.tolist()) for k, values in means.items() if len(values)}
            bars = [interval.half_width or 0.0 for interval in found.values()]
            centres = [interval.mean for interval in found.values()]
            axes.errorbar(
                list(found), centres, bars, color=colours[variant], marker=shapes[variant], label=group.title(variant)
            )
        axes.set_xticks(sorted(columns))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("steps ahead")
        axes.set_ylabel("right one found, %")
        legend(axes)
    caption = f"Predictions on {group.name} at the end of training; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-steps", caption)
