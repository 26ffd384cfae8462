"""A metric along one of its dimensions: by layer, by share of labels, by labels a class, by threshold."""

from collections.abc import Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selfsup.config.shown import Figure as Asked
from selfsup.config.shown import Shown
from selfsup.report.content import Group, Scoring
from selfsup.report.figures.multiples import CROWD, behind, crowded, multiples
from selfsup.report.figures.series import DASHES, Place, Series, axis_name, draw, ends, line, ordered
from selfsup.report.figures.style import GREY, STYLE, Drawing, finished, markers, palette, spread
from selfsup.report.intervals import Interval, mean_interval
from selfsup.report.metric_table import Family
from selfsup.report.quantities import quantities, scored
from selfsup.report.reference import reference

BEHIND = {"color": GREY, "linewidth": 0.6, "elinewidth": 0.4}
Points = dict[str, dict[Place, Interval]]


def lines(group: Group, family: Family, asked: Asked, rows: pd.DataFrame) -> Drawing | None:
    """Return the figure, None where fewer than two places were measured.

    Few lines share a panel, more have one for each protocol; with many variants each has a panel, anchors behind it in grey.
    """
    shown, over = family.shown, str(asked.over)
    every = [(scoring, _points(scored(rows, scoring), shown, asked)) for scoring in family.scorings]
    found = [(scoring, points) for scoring, points in every if points]
    places = ordered(place for _, points in found for by_place in points.values() for place in by_place)
    if len(places) < 2:
        return None
    variants = [variant for variant in group.variants if any(variant in points for _, points in found)]
    metric = shown.metrics[asked.metric]
    label = ", ".join(part for part in (metric.title.replace("{at}", "k"), metric.unit) if part)
    caption = f"{shown.title} on {group.name}, by {axis_name(shown, over) or over}; {spread(group, 'bars are')}"
    with mpl.rc_context(STYLE):
        if crowded(variants):
            figure = _by_variant(group, found, variants, places, shown, over)
            figure.supylabel(label, fontsize=8)
            which = [f"{word} {scoring.title}" for word, (scoring, _) in zip(DASHES, found, strict=False)]
            caption += f" Lines: {', '.join(which)}." if len(which) > 1 else ""
            caption += " In grey the anchors."
        else:
            figure = draw(_panels(group, found, shown, rows), places, shown, over, label)
    return finished(figure, f"{group.name}-{found[0][0].slug}-{asked.metric}-by-{over}", caption)


def _points(own: pd.DataFrame, shown: Shown, asked: Asked) -> Points:
    """Return {variant: {place: interval}} of one protocol's rows."""
    found: Points = {}
    for quantity in quantities(shown, own):
        if quantity.metric == asked.metric and quantity.where.keys() == {asked.over}:
            for variant, part in quantity.of(own).groupby("variant", sort=False):
                place = quantity.where[str(asked.over)]
                found.setdefault(str(variant), {})[place] = mean_interval(part["value"].tolist())
    return found


def _panels(
    group: Group, found: Sequence[tuple[Scoring, Points]], shown: Shown, rows: pd.DataFrame
) -> dict[str, list[Series]]:
    """Return the lines by panel: all in one where they are few, dashed by protocol, else a panel for each protocol."""
    level = reference(group, rows, shown)
    together = sum(len(points) for _, points in found) <= CROWD
    panels: dict[str, list[Series]] = {}
    for n, (scoring, points) in enumerate(found):
        for variant, by_place in points.items():
            title = group.title(variant)
            dash = [*DASHES.values()][n % len(DASHES) if together else 0]
            look = {"color": palette(group)[variant], "marker": markers(group)[variant], "linestyle": dash}
            named = f"{title}:\n{scoring.title}" if together and len(found) > 1 else title
            levels = level.level(variant, title) if level else {}
            panels.setdefault("" if together else scoring.title, []).append(Series(named, by_place, look, levels))
    return panels


def _by_variant(
    group: Group,
    found: Sequence[tuple[Scoring, Points]],
    variants: Sequence[str],
    places: Sequence[Place],
    shown: Shown,
    over: str,
) -> Figure:
    """Return a panel for each variant that is no anchor, over its own places; a line for each protocol."""

    def panel(axes: Axes, variant: str) -> None:
        own = {place for _, points in found for place in points.get(variant, {})}
        kept = [place for place in places if place in own]
        for other in dict.fromkeys([*behind(group), variant]):
            look = {"color": palette(group)[variant], "marker": "."} if other == variant else BEHIND
            for (_, points), dash in zip(found, DASHES.values(), strict=False):
                by_place = points.get(other, {})
                if over != "layer" or by_place.keys() == own:  # another encoder's layers of these names are others
                    line(axes, Series("", by_place, {**look, "linestyle": dash}), kept)
        ends(axes, kept, shown, over)

    learned = [variant for variant in variants if variant not in behind(group)]
    return multiples({variant: group.title(variant) for variant in learned}, panel)
