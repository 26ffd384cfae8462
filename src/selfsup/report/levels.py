"""Levels that an ablation's lines are to reach: runs at no position, such as an encoder that is not trained."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from selfsup.config.ablations import group_and_run
from selfsup.report.content import Ablation
from selfsup.report.figures.style import GREY
from selfsup.report.group import Group
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.metric_table import equal_at
from selfsup.report.rows import numbers
from selfsup.report.tables import decimals_of

DASHES = ("--", ":", "-.")
Levels = dict[str, Interval]  # by title


def levels(ablation: Ablation, rows: Mapping[str, pd.DataFrame], groups: Mapping[str, Group]) -> Levels:
    """Return the interval of each reference that was measured, by its title; ``rows`` and ``groups`` are by name."""
    where = {"label_fraction": ablation.label_fraction, "dataset": ablation.data}
    measured = {}
    for name in ablation.references:
        group, run = group_and_run(name, ablation.group)
        measured[groups[group].title(run)] = numbers(rows[group], run, ablation.evaluation, ablation.metric, **where)
    return {title: mean_interval(of["value"]) for title, of in measured.items() if len(of)}


def add_levels(axes: Axes, levels: Levels) -> None:
    """Add a grey line across the axes for each level, in the band of its interval."""
    for n, (title, level) in enumerate(levels.items()):
        axes.axhline(level.mean, color=GREY, linestyle=DASHES[n % len(DASHES)], linewidth=1.0, label=title)
        half = level.half_width or 0.0
        axes.axhspan(level.mean - half, level.mean + half, color=GREY, alpha=0.15, linewidth=0)


def crossings(curves: Mapping[str, Mapping[float, float]], levels: Levels, unit: str) -> list[str]:
    """Return a sentence for each level: where the means of the lines {line: {position: mean}} reach it, on a log axis."""
    sentences = []
    for title, level in levels.items():
        reached = {line: equal_at(level.mean, dict(curve)) for line, curve in curves.items()}
        at = [
            f"{line} {f'at {x:.2g}' if x else f'at {min(curves[line]):g} or below'}"
            for line, x in reached.items()
            if math.isfinite(x)
        ]
        never = [line for line, x in reached.items() if not math.isfinite(x)]
        parts = [f"reached by {', '.join(at)}" if at else "", f"not reached by {', '.join(never)}" if never else ""]
        sentences.append(f"{title} ({level.text(decimals_of(unit))}): {'; '.join(filter(None, parts))}.")
    return sentences
