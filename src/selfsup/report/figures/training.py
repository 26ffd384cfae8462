"""Training as it went: a column for each method, a row for each quantity, a line for each seed."""

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.report.content import Group
from selfsup.report.figures.style import STYLE, Drawing, canvas, finished, palette

METRICS = {"loss": "loss", "pretext_accuracy": "pretext\naccuracy", "embedding_std": "embedding\nstd"}


def read_curves(group: Group) -> pd.DataFrame:
    """Return the logged rows of every run with ``variant`` and ``seed``; a run whose loss is always zero never trained."""
    tables = []
    for member in group.members:
        path = member.run / "curves.csv"
        table = pd.read_csv(path) if path.exists() else pd.DataFrame({"loss": []})
        if (table["loss"] != 0).any():
            tables.append(table.assign(variant=member.variant, seed=member.seed))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["variant", "seed"])


def training(group: Group) -> Drawing | None:
    """Return loss, pretext accuracy and the embedding's spread against images seen; a panel stays empty if not logged."""
    curves = read_curves(group)
    variants = [variant for variant in group.variants if variant in set(curves["variant"])]
    metrics = [metric for metric in METRICS if metric in curves and curves[metric].notna().any()]
    if not variants or not metrics:
        return None
    colours = palette(group)
    with mpl.rc_context(STYLE):
        figure = canvas(1.0 + 1.25 * len(variants), 0.5 + 1.05 * len(metrics))
        grid = figure.subplots(len(metrics), len(variants), sharex=True, squeeze=False)
        for row, metric in zip(grid, metrics, strict=True):
            for axes, variant in zip(row, variants, strict=True):
                own = curves[(curves["variant"] == variant) & curves[metric].notna()]
                _panel(axes, own, metric, colours[variant])
            row[0].set_ylabel(METRICS[metric])
        for axes, variant in zip(grid[0], variants, strict=True):
            axes.set_title(variant)
        figure.supxlabel("images through the encoder, thousands", fontsize=8)
    caption = (
        f"Training on {group.name}, one line a seed. Losses of different methods are not comparable. "
        "Embedding std is scaled so that 1 is an isotropic embedding, 0 a collapsed one."
    )
    return finished(figure, f"{group.name}-training", caption)


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
