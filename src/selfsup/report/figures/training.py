"""Training as it went: a column for each method, a row for each quantity, a line for each seed."""

import math

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.report.content import Group
from selfsup.report.figures.multiples import in_two_lines
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, palette

METRICS = ("loss", "pretext_accuracy", "embedding_std")  # of the columns of curves.csv
ACROSS, BANDS = 7, 3


def read_curves(group: Group) -> pd.DataFrame:
    """Return the logged rows of every run with ``variant`` and ``seed``; a run whose loss is always zero never trained."""
    tables = []
    for member in group.members:
        path = member.run / "curves.csv"
        table = _with_loss(pd.read_csv(path)) if path.exists() else pd.DataFrame({"loss": []})
        if (table["loss"] != 0).any():
            tables.append(table.assign(variant=member.variant, seed=member.seed))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["variant", "seed"])


def _with_loss(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the curves with a column ``loss``: where several objectives each have one, the first objective's."""
    if "loss" in curves:
        return curves
    return curves.assign(loss=curves[next(name for name in curves.columns if str(name).endswith("_loss"))])


def training(group: Group) -> list[Drawing]:
    """Return loss, pretext accuracy and the embedding's spread against images seen; a panel stays empty if not logged.

    A page has room for three bands of seven methods: more make a second drawing.
    """
    curves = read_curves(group)
    variants = [variant for variant in group.variants if variant in set(curves["variant"])]
    metrics = [metric for metric in METRICS if metric in curves and curves[metric].notna().any()]
    if not variants or not metrics:
        return []
    pages = math.ceil(len(variants) / (ACROSS * BANDS))
    share = math.ceil(len(variants) / pages)
    parts = [variants[start : start + share] for start in range(0, len(variants), share)]
    return [_page(group, curves, metrics, part, f"-{n}" if n else "") for n, part in enumerate(parts)]


def _page(group: Group, curves: pd.DataFrame, metrics: list[str], variants: list[str], ending: str) -> Drawing:
    bands = math.ceil(len(variants) / ACROSS)
    across = math.ceil(len(variants) / bands)
    with mpl.rc_context(STYLE):
        figure = canvas(1.0 + 1.25 * across, 0.5 + 0.98 * len(metrics) * bands)
        grid = figure.subplots(bands * len(metrics), across, sharex=True, squeeze=False)
        for n, variant in enumerate([*variants, *[""] * (across * bands - len(variants))]):
            band, place = divmod(n, across)
            column = [row[place] for row in grid[band * len(metrics) : (band + 1) * len(metrics)]]
            _column(column, curves[curves["variant"] == variant], metrics, palette(group).get(variant, ""))
            column[0].set_title(in_two_lines(group.title(variant)) if variant else "", fontsize=7 if bands > 1 else 8)
            if place == 0:
                for axes, metric in zip(column, metrics, strict=True):
                    axes.set_ylabel(metric.replace("_", "\n"))
        figure.supxlabel("examples through the encoder, thousands", fontsize=8)
    caption = (
        f"Training on {group.name}, one line a seed. Losses of different methods are not "
        "comparable; of two objectives the first's is shown. "
        "Embedding std is scaled so that 1 is an isotropic embedding, 0 a collapsed one."
    )
    return finished(figure, f"{group.name}-training{ending}", caption)


def _column(column: list[Axes], curves: pd.DataFrame, metrics: list[str], colour: str) -> None:
    """Draw one method's quantities, or take the column away where no method is left for it."""
    for axes, metric in zip(column, metrics, strict=True):
        if curves.empty:
            axes.set_axis_off()
        else:
            _panel(axes, curves[curves[metric].notna()], metric, colour)


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
