"""The lecture's figure: accuracy against labels, on frozen blocks and from scratch."""

import matplotlib as mpl
import pandas as pd

from selfsup.report.content import Content, Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, palette, spread
from selfsup.report.intervals import mean_interval
from selfsup.report.label_curve import FROZEN, SCRATCH, label_curves

LOOKS = {FROZEN: ("-", "o"), SCRATCH: ("--", "s")}


def label_curve(content: Content, group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return one panel, labelled images a class in logarithmic steps, a line a variant and protocol; None without any.

    Source: Gidaris et al. 2018, Figure 5(b).
    """
    curves = label_curves(content, group, rows)
    if not curves:
        return None
    counts = sorted({count for curve in curves for count in curve.rows})
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.6)
        axes = figure.subplots()
        for curve in curves:
            dash, marker = LOOKS[curve.ending]
            found = [(count, mean_interval(part["value"].tolist())) for count, part in curve.rows.items()]
            axes.errorbar(
                [count for count, _ in found],
                [interval.mean for _, interval in found],
                [interval.half_width or 0.0 for _, interval in found],
                color=palette(group)[curve.variant],
                linestyle=dash,
                marker=marker,
                elinewidth=0.8,
                label=f"{curve.variant}:\n{curve.ending}",
            )
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.set_xlabel("labelled images a class")
        axes.set_ylabel("top-1 accuracy, %")
        axes.grid(axis="y")
        legend(axes)
    caption = f"Few labels on {group.name}, {FROZEN} and {SCRATCH}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-label_curve", caption)
