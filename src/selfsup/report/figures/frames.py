"""What is said against who speaks: how well each is read from single frames of sound."""

import matplotlib as mpl
import pandas as pd

from selfsup.report.content import Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.intervals import mean_interval
from selfsup.report.rows import numbers

ACROSS, UP = "frame_content", "frame_speaker"


def frames(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return a place for each variant, the accuracy of the content to the right, of the speaker upwards."""
    found = {
        variant: [numbers(rows, variant, p, "top1")["value"].tolist() for p in (ACROSS, UP)]
        for variant in group.variants
    }
    measured = {variant: both for variant, both in found.items() if all(both)}
    if not measured:
        return None
    colours, shapes = palette(group), markers(group)
    with mpl.rc_context(STYLE):
        figure = canvas(4.6, 2.7)
        axes = figure.subplots()
        for variant, both in measured.items():
            x, y = (mean_interval(values) for values in both)
            bars = (y.half_width or 0.0, x.half_width or 0.0)
            axes.errorbar(x.mean, y.mean, *bars, color=colours[variant], marker=shapes[variant], ls="", label=variant)
        axes.set_xlabel("what is said, % of frames")
        axes.set_ylabel("who speaks, % of frames")
        axes.grid()
        legend(axes)
    caption = f"Linear probes of single frames on {group.name}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-frames", caption)
