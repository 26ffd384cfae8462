"""Figures of single metrics that evaluations declare: bars, a cumulative curve of errors, two protocols against each other."""

import h5py
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from selfsup.config.shown import Figure as FigureSpec
from selfsup.report.figures.style import GREY, STYLE, Plot, canvas, legend, markers, over_seeds, palette, plot
from selfsup.report.group import Group, Scoring
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.metric_table import Family
from selfsup.report.ranking import best_classical
from selfsup.report.rows import select
from selfsup.report.scores import Quantity, score, scored
from selfsup.report.tables import capitalized, joined

BASELINE_MARKERS = "|xd+1"
BASELINE_DASHES = ("--", ":", "-.", (0, (1, 3)))


@mpl.rc_context(STYLE)
def bars(group: Group, scoring: Scoring, spec: FigureSpec, rows: pd.DataFrame) -> Plot | None:
    """Return one protocol's metric with every seed, mean and interval, and each run's baselines in grey; None without any.

    Variants are in the suite's order from top to bottom.
    """
    shown, measured = scoring.protocol.shown, scored(rows, scoring)
    quantity = Quantity(shown, spec.metric)
    by_variant = {variant: measured[measured["variant"] == variant] for variant in group.variants}
    variants = [variant for variant, own in by_variant.items() if len(quantity.select(own))]
    if not variants:
        return None
    names = [name for name in dict.fromkeys(measured[measured["metric"] == spec.metric]["baseline"]) if name]
    figure = canvas(5.2, 0.6 + 0.27 * len(variants))
    axes = figure.subplots()
    for n, variant in enumerate(variants):
        _bar(axes, n, quantity.select(by_variant[variant])["value"].tolist(), palette(group)[variant])
        for name, marker in zip(names, BASELINE_MARKERS, strict=False):
            values = quantity.at(baseline=name).select(by_variant[variant])["value"]
            means = [values.mean()] if len(values) else []
            axes.plot(means, [n] * len(means), marker, color=GREY, ms=6, mew=1.4)
    for name, marker in zip(names, BASELINE_MARKERS, strict=False):
        axes.plot([], [], marker, color=GREY, label=shown.name(name), linestyle="")
    classical = best_classical(group, [score(group, measured, scoring, quantity, variant) for variant in variants])
    if classical and classical.interval:
        axes.axvline(classical.interval.mean, color=GREY, linestyle=":", linewidth=0.9)
    axes.set_yticks(range(len(variants)), [group.title(variant) for variant in variants])
    axes.set_ylim(len(variants) - 0.4, -0.6)
    axes.set_xlabel(joined(quantity.title, quantity.spec.unit))
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if names:
        legend(axes)
    title = f"{capitalized(scoring.protocol.title)} {group.scored_on([scoring])}"
    caption = f"{title}; circles are seeds, the bar their mean; "
    caption += f"the dotted line is the best classical row, {group.title(classical.variant)}; " if classical else ""
    return plot(figure, f"{group.name}-{scoring.slug}-bars", caption + over_seeds(group, "lines are"))


def _bar(axes: Axes, y: int, values: list[float], colour: str) -> None:
    interval = mean_interval(values)
    if interval.half_width is not None:
        axes.plot([interval.low, interval.high], [y, y], color=colour, alpha=0.5)
    axes.plot(values, [y] * len(values), "o", color=colour, ms=3, mfc="none")
    axes.plot([interval.mean], [y], "|", color=colour, ms=11, mew=1.8)


@mpl.rc_context(STYLE)
def curve(group: Group, scoring: Scoring, spec: FigureSpec) -> Plot | None:
    """Return the cumulative distribution of an error, a line per variant and baseline; None where none was measured.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: the share of matches against the normalised error.
    """
    quantiles = {variant: _quantiles(group, scoring, spec, variant) for variant in group.variants}
    curves = {variant: by_name for variant, by_name in quantiles.items() if by_name}
    if not curves:
        return None
    shown = scoring.protocol.shown
    metric, first = shown.metrics[spec.metric], next(iter(curves.values()))
    share = 100 * np.linspace(0, 1, len(first[spec.method]))
    figure = canvas(5.2, 2.6)
    axes = figure.subplots()
    for variant, by_name in curves.items():
        axes.plot(by_name[spec.method], share, color=palette(group)[variant], label=group.title(variant))
    for name, dash in zip([name for name in first if name != spec.method], BASELINE_DASHES, strict=False):
        axes.plot(first[name], share, color=GREY, linestyle=dash, linewidth=0.9, label=shown.name(name))
    axes.set_xlim(0, spec.end)
    axes.set_ylim(0, 100)
    axes.set_xlabel(joined(metric.title.removeprefix("mean "), metric.unit, metric.note))
    axes.set_ylabel("share within it, %")
    axes.grid()
    legend(axes)
    seeds = f"each quantile is the mean over {group.seeds}" if group.repeated else "one seed"
    caption = f"{shown.title} {group.scored_on([scoring])}: the share within each error; {seeds}."
    return plot(figure, f"{group.name}-{scoring.slug}-curve", caption)


def _quantiles(group: Group, scoring: Scoring, spec: FigureSpec, variant: str) -> dict[str, np.ndarray]:
    """Return the quantiles of a variant's errors and its baselines', the mean over seeds."""
    by_name: dict[str, list[np.ndarray]] = {}
    for path in filter(None, map(scoring.pictures, group.seeds_of(variant))):
        with h5py.File(path, "r") as file:
            for name, quantiles in file[spec.curves].items():
                by_name.setdefault(name, []).append(quantiles[()])
    return {name: np.mean(quantiles, 0) for name, quantiles in by_name.items()}


@mpl.rc_context(STYLE)
def scatter(group: Group, family: Family, spec: FigureSpec, rows: pd.DataFrame) -> Plot | None:
    """Return a point per variant: the first protocol's metric is x, the second's y; None without two."""
    quantity = Quantity(family.shown, spec.metric)
    points: dict[str, list[Interval]] = {}
    for variant in group.variants:
        parts = [quantity.select(select(scored(rows, scoring), variant=variant)) for scoring in family.scorings[:2]]
        if len(parts) == 2 and all(map(len, parts)):
            points[variant] = [mean_interval(part["value"]) for part in parts]
    if not points:
        return None
    colours, shapes = palette(group), markers(group)
    figure = canvas(4.6, 2.7)
    axes = figure.subplots()
    for variant, (x, y) in points.items():
        half = (y.half_width or 0.0, x.half_width or 0.0)
        label = group.title(variant)
        axes.errorbar(x.mean, y.mean, *half, color=colours[variant], marker=shapes[variant], ls="", label=label)
    axes.set_xlabel(f"{family.scorings[0].title}, {quantity.spec.unit}")
    axes.set_ylabel(f"{family.scorings[1].title}, {quantity.spec.unit}")
    axes.grid()
    legend(axes)
    caption = f"{family.shown.title} {group.scored_on(family.scorings)}; {over_seeds(group, 'bars are')}"
    return plot(figure, f"{group.name}-{family.scorings[0].slug}-scatter", caption)
