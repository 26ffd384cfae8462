"""Did the method learn its task, and could less have solved it?"""

import matplotlib as mpl
import pandas as pd

from selfsup.report.content import Group
from selfsup.report.figures.style import GREY, INK, RULE, STYLE, Drawing, canvas, finished, legend, palette
from selfsup.report.grids import PRETEXT

SHAPES = {"pretext_accuracy": "o", "pretext_accuracy_untrained": "|", "pretext_accuracy_colour_histogram": "x"}


def pretext(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return the pretext accuracy of each method beside an untrained network's and a colour histogram's."""
    task = rows["protocol"] == group.first_protocol("pretext")
    found = rows[task & rows["metric"].isin(list(PRETEXT))]
    variants = [variant for variant in group.variants if variant in set(found["variant"])]
    if not variants:
        return None
    means = found.groupby(["variant", "metric"])["value"].mean()
    colours = palette(group)
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 0.7 + 0.27 * len(variants))
        axes = figure.subplots()
        for place, variant in enumerate(variants):
            values = {metric: means[variant, metric] for metric in PRETEXT if (variant, metric) in means.index}
            axes.plot([min(values.values()), max(values.values())], [place, place], color=RULE, zorder=1)
            for metric, value in values.items():
                colour = colours[variant] if metric == "pretext_accuracy" else GREY
                axes.plot([value], [place], SHAPES[metric], color=colour, ms=6, mew=1.4)
        for metric, name in PRETEXT.items():
            axes.plot([], [], SHAPES[metric], color=INK if metric == "pretext_accuracy" else GREY, label=name)
        axes.set_yticks(range(len(variants)), variants)
        axes.set_ylim(len(variants) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        axes.set_xlabel("pretext accuracy on held-out images, %")
        axes.tick_params(axis="y", length=0)
        legend(axes)
    caption = f"Pretext tasks on {group.name}, mean over seeds: the method, an untrained network, a colour histogram."
    return finished(figure, f"{group.name}-pretext", caption)
