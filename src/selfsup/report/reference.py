"""The level that an evaluation is compared with: another one's headline, and where along its own axis it is reached."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from selfsup.config.shown import Shown
from selfsup.report.content import Group, Scoring
from selfsup.report.intervals import spelled
from selfsup.report.quantities import Quantity, Score, score, scored
from selfsup.report.tables import Cell, Column


@dataclass(frozen=True)
class Reference:
    """The scores of the reference by variant; a variant without one is absent."""

    scoring: Scoring
    scores: dict[str, Score]

    @property
    def title(self) -> str:
        """What people read for it."""
        return self.scoring.title

    def headings(self) -> list[Column]:
        """Return its two columns: the level, and where it is reached."""
        labels = next(iter(self.scores.values())).quantity.labels
        return [
            Column(self.scoring.key, self.title, labels, numeric=True),
            Column("equal", f"equal to {self.title}", numeric=True),
        ]

    def note(self) -> str:
        """Return what the second column means."""
        return f"Equal to {self.title}: where the line between the means, over the logarithm of the axis, crosses it."

    def level(self, variant: str, name: str) -> dict[str, float]:
        """Return a variant's level by a figure's label; empty where it has none."""
        found = self.scores.get(variant)
        return {f"{name}: {self.title}": found.interval.mean} if found and found.interval else {}

    def cells(self, group: Group, variant: str, found: Sequence[Score]) -> list[Cell]:
        """Return the two cells of a variant with these scores along the axis."""
        level = self.scores.get(variant)
        if level is None or level.interval is None:
            return [Cell("", absent=True)] * 2
        text = spelled(level.interval, level.quantity.declared.decimals)
        record = f"{group.name}/{variant}/{level.key}"
        curve = {axis(one.quantity): one.interval.mean for one in found if one.interval}
        return [Cell(text, value=level.interval.mean, detail=record), _equal(level.interval.mean, curve)]


def reference(group: Group, rows: pd.DataFrame, shown: Shown) -> Reference | None:
    """Return the level that a declaration asks for; None where it asks for none, or the group was not scored by it."""
    for scoring in group.scorings:
        if shown.reference and scoring.protocol.evaluation == shown.reference:
            of = scoring.protocol.shown
            own, quantity = scored(rows, scoring), Quantity(of, of.headline)
            every = [score(group, own, scoring, quantity, variant) for variant in group.variants]
            if measured := {one.variant: one for one in every if one.interval}:
                return Reference(scoring, measured)
    return None


def axis(quantity: Quantity) -> float:
    """Return where along a numeric axis a quantity lies: its shots, its share of labels or its threshold."""
    return next(float(v) for n, v in quantity.where.items() if n in ("shots", "label_fraction", "at"))


def equal_at(level: float, curve: dict[float, float]) -> float:
    """Return where a rising curve {place: mean} reaches a level: 0 below the first place, infinite above the last.

    Between two places the mean is a straight line over the logarithm of the place.
    Source: Radford et al. 2021 (CLIP), section 3.1.5, figure 7.
    """
    points = sorted(curve.items())
    if level < points[0][1]:
        return 0.0
    for (few, low), (many, high) in itertools.pairwise(points):
        if low <= level < high:
            share = (level - low) / (high - low)
            return math.exp((1 - share) * math.log(few) + share * math.log(many))
    return points[-1][0] if level == points[-1][1] else math.inf


def _equal(level: float, curve: dict[float, float]) -> Cell:
    place = equal_at(level, curve)
    if place == 0:
        return Cell(f"below {min(curve):g}", value=0.0)
    if math.isinf(place):
        return Cell(f"above {max(curve):g}", value=2.0 * max(curve))
    return Cell(f"{place:.1f}", value=place)
