"""What stands together in a report: all of one group, all ablations, all experiments."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from selfsup.report.ablations import ablation_table, points
from selfsup.report.accuracy import accuracy_table
from selfsup.report.comparisons import comparisons
from selfsup.report.content import Content, Group
from selfsup.report.correspondences import correspondences
from selfsup.report.few_shot import few_shot_table
from selfsup.report.figures.ablation import ablation
from selfsup.report.figures.few_shot import few_shot
from selfsup.report.figures.frames import frames
from selfsup.report.figures.infonce_bound import infonce_bound
from selfsup.report.figures.label_curve import label_curve
from selfsup.report.figures.linear_probe import linear_probe
from selfsup.report.figures.lines import few_labels, layers
from selfsup.report.figures.match_error import match_error
from selfsup.report.figures.pretext import pretext
from selfsup.report.figures.steps import steps
from selfsup.report.figures.style import Drawing
from selfsup.report.figures.training import training
from selfsup.report.gallery import Strip, gallery
from selfsup.report.grids import frame_layers_tables, layers_table, pretext_table
from selfsup.report.headline import Scores
from selfsup.report.infonce_bound import NAME, estimates, infonce_bound_table
from selfsup.report.label_curve import label_curve_table
from selfsup.report.quality import quality_tables
from selfsup.report.retrieved import retrieved
from selfsup.report.tables import Table
from selfsup.report.tracks import tracks

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
    tables = [
        accuracy_table(content, group, found),
        layers_table(group, rows),
        *frame_layers_tables(group, rows),
        label_curve_table(content, group, rows),
        few_shot_table(group, rows),
        pretext_table(group, rows),
        *quality_tables(group, rows),
    ]
    drawings = [label_curve(content, group, rows), few_shot(group, rows), match_error(group)]
    drawings += [*training(group), steps(group)]
    if len(group.variants) <= MOST_DRAWN:
        by_variant = (pretext, layers, few_labels, frames)
        drawings = [linear_probe(group, found), *(draw(group, rows) for draw in by_variant), *drawings]
    kept = [drawing for drawing in drawings if drawing is not None]
    pictures = [*comparisons(group), *retrieved(group), *correspondences(group), *tracks(group)]
    return Section(group, [table for table in tables if table.rows], kept, pictures, gallery(group))


def topics(content: Content, rows: dict[str, pd.DataFrame], experiments: dict[str, pd.DataFrame]) -> list[Topic]:
    """Return the sections after the groups', those with anything in them. ``rows`` are by group, by experiment."""
    ablated = Topic("ablations", "Ablations")
    for asked in content.ablations:
        found = points(asked, rows[asked.group])
        seeds = next(len(group.seeds) for group in content.groups if group.name == asked.group)
        ablated.pairs.append(Pair(ablation(asked, found, seeds), ablation_table(asked, found)))
    tried = Topic("experiments", "Experiments")
    if NAME in experiments:
        estimated = estimates(experiments[NAME])
        tried.pairs.append(Pair(infonce_bound(estimated), infonce_bound_table(estimated)))
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
