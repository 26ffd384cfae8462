"""What stands together in a report: all of one group, all ablations, all experiments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from selfsup.report.ablations import ablation_table, points
from selfsup.report.comparisons import comparisons
from selfsup.report.content import Content, Group
from selfsup.report.experiments import experiment_drawing, experiment_table
from selfsup.report.figures.ablation import ablation
from selfsup.report.figures.bars import bars
from selfsup.report.figures.curve import curve
from selfsup.report.figures.lines import lines
from selfsup.report.figures.scatter import scatter
from selfsup.report.figures.steps import steps
from selfsup.report.figures.style import Drawing
from selfsup.report.figures.training import training
from selfsup.report.gallery import Strip, gallery
from selfsup.report.headline import Scores
from selfsup.report.main_table import main_table
from selfsup.report.metric_table import Family, families, metric_table
from selfsup.report.pictures import pictures
from selfsup.report.tables import Table

MOST_DRAWN = 36  # a figure with a place for each of more variants would not fit on a page; the tables have them all


@dataclass(frozen=True)
class Section:
    """All that is shown of one group; the first table is its main one."""

    group: Group
    tables: list[Table]
    drawings: list[Drawing]
    comparisons: list[Strip]
    strips: dict[str, list[Strip]]


@dataclass(frozen=True)
class Pair:
    """A figure, where anything was measured, and the table of its numbers."""

    drawing: Drawing | None
    table: Table


@dataclass(frozen=True)
class Topic:
    """Figures that belong to no one group, under a heading: the ablations, the experiments."""

    name: str
    title: str
    pairs: list[Pair] = field(default_factory=list)


def section(content: Content, group: Group, rows: pd.DataFrame, found: Scores) -> Section:
    """Return a group's tables, figures and pictures; those that have nothing to show are left out."""
    measured = families(group, rows)
    tables = [main_table(content, group, found), *(metric_table(group, family, rows) for family in measured)]
    drawings = [drawing for family in measured for drawing in _drawings(group, family, rows)]
    kept = [drawing for drawing in [*drawings, *training(group), steps(group)] if drawing is not None]
    shown = [*comparisons(group), *pictures(group)]
    return Section(group, [table for table in tables if table.rows], kept, shown, gallery(group))


def _drawings(group: Group, family: Family, rows: pd.DataFrame) -> Iterator[Drawing | None]:
    """Yield the figures that a family's evaluations ask for: one for all of its protocols, or one for each."""
    crowd = len(group.variants) > MOST_DRAWN
    for asked in family.shown.figures:
        if asked.kind == "curve":
            yield from (curve(group, scoring, asked) for scoring in family.scorings)
        elif asked.kind == "bars" and not crowd:
            yield from (bars(group, scoring, asked, rows) for scoring in family.scorings)
        elif asked.kind == "lines" and not crowd:
            yield lines(group, family, asked, rows)
        elif asked.kind == "scatter" and not crowd:
            yield scatter(group, family, asked, rows)


def topics(content: Content, rows: dict[str, pd.DataFrame], experiments: dict[str, pd.DataFrame]) -> list[Topic]:
    """Return the sections after the groups', those with anything in them. ``rows`` are by group, by experiment."""
    ablated = Topic("ablations", "Ablations")
    for asked in content.ablations:
        found = points(asked, rows[asked.group])
        group = next(group for group in content.groups if group.name == asked.group)
        ablated.pairs.append(Pair(ablation(asked, found, group), ablation_table(asked, found, group)))
    tried = Topic("experiments", "Experiments")
    for experiment in content.experiments:
        own = experiments[experiment.name]
        tried.pairs.append(Pair(experiment_drawing(experiment, own), experiment_table(experiment, own)))
    return [topic for topic in (ablated, tried) if topic.pairs]


def drawings_of(sections: list[Section], others: list[Topic]) -> list[Drawing]:
    """Return every figure of a report."""
    pairs = [pair.drawing for topic in others for pair in topic.pairs if pair.drawing is not None]
    return [drawing for found in sections for drawing in found.drawings] + pairs


def strips_of(sections: list[Section]) -> list[Strip]:
    """Return every picture of a report."""
    return [strip for found in sections for strips in (found.comparisons, *found.strips.values()) for strip in strips]


def strip_values(strip: Strip, owner: str = "") -> dict[str, Any]:
    """Return what typst needs to place a picture whose file is named as it is."""
    plain = {"name": strip.name, "title": strip.title, "captions": strip.captions, "width": strip.width}
    return {**plain, "variant": owner}
