"""Training curves: a column for each method, a row for each metric, a line for each seed; and predictions by step."""

import math
import re

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.report.figures.lines import in_two_lines
from selfsup.report.figures.series import Position, Series, add_line
from selfsup.report.figures.style import STYLE, Plot, canvas, legend, markers, over_seeds, palette, plot
from selfsup.report.group import Group
from selfsup.report.intervals import Interval, mean_interval

METRICS = ("loss", "pretext_accuracy", "embedding_std")  # columns of curves.csv
ACROSS, BANDS = 7, 3  # that fit on a page
STEP = re.compile(r"accuracy_step_(\d+)")
LAST = 10  # logged rows at the end: one batch alone is noise


def read_curves(group: Group) -> pd.DataFrame:
    """Return the logged rows of every run with ``variant`` and ``seed``, without runs of no steps or a loss that is always zero.

    ``loss`` is the first objective's where several have one.
    """
    tables = []
    for member in group.members:
        path = member.run / "curves.csv"
        table = pd.read_csv(path) if path.exists() else pd.DataFrame()
        if table.empty:
            continue
        if "loss" not in table:
            table["loss"] = table[next(name for name in table.columns if str(name).endswith("_loss"))]
        if (table["loss"] != 0).any():
            tables.append(table.assign(variant=member.variant, seed=member.seed))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["variant", "seed"])


def training(group: Group) -> list[Plot]:
    """Return loss, pretext accuracy and spread of the embedding against examples; a panel without them says so.

    Methods that do not fit on a page are in a second figure.
    """
    curves = read_curves(group)
    variants = [variant for variant in group.variants if variant in set(curves["variant"])]
    metrics = [metric for metric in METRICS if metric in curves and curves[metric].notna().any()]
    if not variants or not metrics:
        return []
    count = math.ceil(len(variants) / math.ceil(len(variants) / (ACROSS * BANDS)))
    pages = [variants[start : start + count] for start in range(0, len(variants), count)]
    return [_page(group, curves, metrics, page, f"-{n}" if n else "") for n, page in enumerate(pages)]


@mpl.rc_context(STYLE)
def _page(group: Group, curves: pd.DataFrame, metrics: list[str], variants: list[str], suffix: str) -> Plot:
    bands = math.ceil(len(variants) / ACROSS)
    across = math.ceil(len(variants) / bands)
    figure = canvas(1.0 + 1.25 * across, 0.5 + 0.98 * len(metrics) * bands)
    grid = figure.subplots(bands * len(metrics), across, sharex=True, squeeze=False)
    for n in range(bands * across):
        band, position = divmod(n, across)
        column = grid[band * len(metrics) : (band + 1) * len(metrics), position]
        for axes, metric in zip(column, metrics, strict=True):
            if n >= len(variants):
                axes.set_axis_off()
            else:
                logged = curves[(curves["variant"] == variants[n]) & curves[metric].notna()]
                _panel(axes, logged, metric, palette(group)[variants[n]])
            if position == 0:
                axes.set_ylabel(metric.replace("_", "\n"))
        title = in_two_lines(group.title(variants[n])) if n < len(variants) else ""
        column[0].set_title(title, fontsize=7 if bands > 1 else 8)
    figure.supxlabel("examples through the encoder, thousands", fontsize=8)
    caption = (
        f"Training on {group.name}, one line per seed. Losses of different methods are not "
        "comparable; of two objectives the first's is shown. "
        "Embedding std is scaled so that 1 is an isotropic embedding, 0 a collapsed one."
    )
    return plot(figure, f"{group.name}-training{suffix}", caption)


def _panel(axes: Axes, curves: pd.DataFrame, metric: str, colour: str) -> None:
    if curves.empty:
        axes.text(0.5, 0.5, "not logged", transform=axes.transAxes, ha="center", va="center", fontsize=7, alpha=0.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        return
    data = curves.assign(thousands=curves["images"] / 1000)
    sns.lineplot(
        data, x="thousands", y=metric, units="seed", estimator=None, color=colour, ax=axes, linewidth=0.8, alpha=0.8
    )
    axes.set(xlabel="", ylabel="")
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="both", nbins=4)


@mpl.rc_context(STYLE)
def steps(group: Group) -> Plot | None:
    """Return the accuracy of predictions by number of steps ahead at the end of training, None where none was logged."""
    curves = read_curves(group)
    columns = {int(match[1]): name for name in curves.columns if (match := STEP.fullmatch(str(name)))}
    logged = curves[curves[list(columns.values())].notna().any(axis=1)]
    variants = [variant for variant in group.variants if variant in set(logged["variant"])]
    if not variants:
        return None
    figure = canvas(4.6, 2.4)
    axes = figure.subplots()
    for variant in variants:
        last = curves[curves["variant"] == variant].groupby("seed").tail(LAST).groupby("seed")
        means = {step: 100 * last[columns[step]].mean().dropna() for step in sorted(columns)}
        intervals: dict[Position, Interval] = {k: mean_interval(values) for k, values in means.items() if len(values)}
        options = {"color": palette(group)[variant], "marker": markers(group)[variant]}
        add_line(axes, Series(group.title(variant), intervals, options), {step: float(step) for step in intervals})
    axes.set_xticks(sorted(columns))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps ahead")
    axes.set_ylabel("accuracy, %")
    legend(axes)
    caption = f"Predictions on {group.name} at the end of training; {over_seeds(group, 'bars are')}"
    return plot(figure, f"{group.name}-steps", caption)
