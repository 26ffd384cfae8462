"""Zero-shot beside few-shot probes: accuracy over labels a class, zero at the left."""

from typing import Any

import matplotlib as mpl
import pandas as pd

from selfsup.report.content import Group
from selfsup.report.few_shot import few_shots
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, legend, markers, palette, spread
from selfsup.report.intervals import mean_interval


def few_shot(group: Group, rows: pd.DataFrame) -> Drawing | None:
    """Return a line of probes a variant, and a star and a level where zero-shot stands; None without any probe.

    Source: Radford et al. 2021 (CLIP), figure 6.
    """
    found = few_shots(group, rows)
    if not found:
        return None
    counts = sorted({count for one in found for count in one.shots})
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.6)
        axes = figure.subplots()
        for one in found:
            look: dict[str, Any] = {"color": palette(group)[one.variant], "elinewidth": 0.8}
            points = [(counts.index(count) + 1, mean_interval(_values(part))) for count, part in one.shots.items()]
            axes.errorbar(
                [place for place, _ in points],
                [interval.mean for _, interval in points],
                [interval.half_width or 0.0 for _, interval in points],
                marker=markers(group)[one.variant],
                label=f"{one.variant}: probe",
                **look,
            )
            if len(one.zero):
                zero = mean_interval(_values(one.zero))
                axes.errorbar(
                    [0], [zero.mean], [zero.half_width or 0.0], marker="*", markersize=8, linestyle="", **look
                )
                axes.axhline(zero.mean, color=look["color"], linestyle=":", label=f"{one.variant}: zero-shot")
        axes.set_xticks(range(len(counts) + 1), ["0", *map(str, counts)])
        axes.set_xlabel("labelled images a class")
        axes.set_ylabel("top-1 accuracy, %")
        axes.grid(axis="y")
        legend(axes)
    caption = f"Zero-shot (star) and linear probes of few labels on {group.name}; {spread(group, 'bars are')}"
    return finished(figure, f"{group.name}-few_shot", caption)


def _values(rows: pd.DataFrame) -> list[float]:
    return [float(value) for value in rows["value"]]
