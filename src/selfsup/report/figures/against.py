"""What a method was trained for against what it is used for: skill at one task beside the headline of another evaluation."""

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import spearmanr

from selfsup.config.shown import Figure as FigureSpec
from selfsup.report.figures.style import STYLE, Plot, canvas, legend, markers, palette, plot
from selfsup.report.group import Group, Scoring
from selfsup.report.scores import Quantity, score, scored
from selfsup.report.tables import capitalized, joined

MIN_VARIANTS, MIN_RANKED = 3, 5  # methods below which there is no relation to see, or none to state
Points = dict[str, list[tuple[float, float]]]  # by variant: skill and headline of each seed


@mpl.rc_context(STYLE)
def against(group: Group, scoring: Scoring, spec: FigureSpec, rows: pd.DataFrame) -> Plot | None:
    """Return a panel for each protocol of the other evaluation that scores enough of the runs; None without one."""
    skill = {variant: _values(group, scoring, spec.metric, rows, variant) for variant in group.variants}
    others = [other for other in group.scorings if other.protocol.evaluation == spec.against]
    panels = [(other, points) for other in others if len(points := _points(group, skill, other, rows)) >= MIN_VARIANTS]
    if not panels:
        return None
    shown = scoring.protocol.shown
    figure = canvas(1.6 + 2.6 * len(panels), 2.8)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (other, points) in zip(grid, panels, strict=True):
        _scatter(axes, group, points)
        headline = other.protocol.shown.metrics[other.protocol.shown.headline]
        axes.set_ylabel(joined(f"{other.title}: {headline.title}", headline.unit))
    metric = shown.metrics[spec.metric]
    figure.supxlabel(joined(metric.title, f"{metric.unit} {metric.note}".strip()), fontsize=8)
    legend(grid[-1], *grid[:-1])
    titles = " and ".join(other.title for other, _ in panels)
    caption = " ".join(
        [
            f"{capitalized(scoring.protocol.title)} {group.scored_on([scoring])}, against {titles}: a point is a run, one "
            "method and seed.",
            f"{capitalized(metric.title)}: {f'{metric.unit} {metric.note}'.strip()}.",
            *(sentence for panel in panels if (sentence := _correlation(group, *panel))),
        ]
    )
    return plot(figure, f"{group.name}-{scoring.slug}-{spec.metric}-against-{spec.against}", caption)


def _values(group: Group, scoring: Scoring, metric: str, rows: pd.DataFrame, variant: str) -> dict[int, float]:
    """Return a variant's metric by seed."""
    return score(group, scored(rows, scoring), scoring, Quantity(scoring.protocol.shown, metric), variant).values


def _points(group: Group, skill: dict[str, dict[int, float]], other: Scoring, rows: pd.DataFrame) -> Points:
    """Return the points of the variants that have both numbers."""
    values = {variant: _values(group, other, other.protocol.shown.headline, rows, variant) for variant in skill}
    points = {v: [(x, values[v][seed]) for seed, x in of.items() if seed in values[v]] for v, of in skill.items()}
    return {variant: pairs for variant, pairs in points.items() if pairs}


def _scatter(axes: Axes, group: Group, points: Points) -> None:
    for variant, pairs in points.items():
        x, y = zip(*pairs, strict=True)
        axes.plot(x, y, markers(group)[variant], color=palette(group)[variant], alpha=0.8, label=group.title(variant))
    axes.grid()


def _correlation(group: Group, other: Scoring, points: Points) -> str:
    """Return Spearman's rank correlation over the means of the self-supervised methods, as a sentence."""
    compared = [pairs for variant, pairs in points.items() if not group.anchor(variant)]
    if len(compared) < MIN_RANKED:
        return ""
    means = [tuple(sum(values) / len(pairs) for values in zip(*pairs, strict=True)) for pairs in compared]
    rho = f"{spearmanr(*zip(*means, strict=True)).statistic:.2f}".replace("-", "\N{MINUS SIGN}")
    return f"Rank correlation with the {other.title} over {len(compared)} self-supervised methods: {rho}."
