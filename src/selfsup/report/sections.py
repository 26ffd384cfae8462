"""The sections of a report: one for each group, then ablations and experiments."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from selfsup.report.ablations import ablation_plot, ablation_table, points
from selfsup.report.agreement import agreement_table
from selfsup.report.content import Content
from selfsup.report.examples import Examples, examples
from selfsup.report.experiments import experiment_plot, experiment_table
from selfsup.report.figures.against import against
from selfsup.report.figures.lines import lines
from selfsup.report.figures.maps import point_map
from selfsup.report.figures.matrices import matrices
from selfsup.report.figures.points import bars, curve, scatter
from selfsup.report.figures.style import Plot
from selfsup.report.figures.training import steps, training
from selfsup.report.group import Group
from selfsup.report.levels import levels
from selfsup.report.main_table import main_table, reported_table
from selfsup.report.metric_table import Family, families, metric_table
from selfsup.report.pictures import pictures
from selfsup.report.scores import Scores
from selfsup.report.strips import Strip, comparisons, gallery
from selfsup.report.tables import Table

MAX_VARIANTS = 36  # that fit into a figure of one page; all are in the tables


@dataclass(frozen=True)
class Section:
    """Everything about one group: its data, tables, the main one first, plots, predictions, and the gallery by run."""

    group: Group
    examples: Examples | None
    tables: list[Table]
    reported: Table
    plots: list[Plot]
    comparisons: list[Strip]
    strips: list[list[Strip]]


@dataclass(frozen=True)
class Topic:
    """Tables that belong to no single group, each with its plot if anything was measured."""

    name: str
    title: str
    pairs: list[tuple[Plot | None, Table]] = field(default_factory=list)


def section(content: Content, group: Group, rows: pd.DataFrame, scores: Scores) -> Section:
    """Return a group's tables, figures and pictures without empty ones."""
    measured = families(group, rows)
    of_families = [metric_table(group, family, rows) for family in measured]
    tables = [main_table(group, scores), *of_families, agreement_table(group, scores)]
    declared = [plot for family in measured for plot in _declared(group, family, rows)]
    plots = [plot for plot in (*declared, *training(group), steps(group)) if plot is not None]
    strips = [*comparisons(group), *pictures(group)]
    shown, reported = [table for table in tables if table.rows], reported_table(content, group, scores)
    return Section(group, examples(group), shown, reported, plots, strips, gallery(group))


def _declared(group: Group, family: Family, rows: pd.DataFrame) -> Iterator[Plot | None]:
    """Yield the figures that a family's evaluations declare: one for all of its protocols, or one for each."""
    for spec in family.shown.figures:
        if spec.kind == "curve":
            yield from (curve(group, scoring, spec) for scoring in family.scorings)
        elif len(group.variants) > MAX_VARIANTS:
            continue
        elif spec.kind == "map":
            yield from (point_map(group, scoring) for scoring in family.scorings)
        elif spec.kind == "matrix":
            yield from (matrices(group, scoring) for scoring in family.scorings)
        elif spec.kind == "bars":
            yield from (bars(group, scoring, spec, rows) for scoring in family.scorings)
        elif spec.kind == "against":
            yield from (against(group, scoring, spec, rows) for scoring in family.scorings)
        elif spec.kind == "lines":
            yield lines(group, family, spec, rows)
        elif spec.kind == "scatter":
            yield scatter(group, family, spec, rows)


def topics(content: Content, rows: dict[str, pd.DataFrame], experiments: dict[str, pd.DataFrame]) -> list[Topic]:
    """Return the sections after the groups', unless empty. ``rows`` are by group, by experiment."""
    groups = {group.name: group for group in content.groups}
    ablations, measurements = Topic("ablations", "Ablations"), Topic("experiments", "Experiments")
    for ablation in content.ablations:
        parts = ablation, points(ablation, rows), levels(ablation, rows, groups), groups
        ablations.pairs.append((ablation_plot(*parts), ablation_table(*parts)))
    for experiment in content.experiments:
        measured = experiments[experiment.name]
        measurements.pairs.append((experiment_plot(experiment, measured), experiment_table(experiment, measured)))
    return [topic for topic in (ablations, measurements) if topic.pairs]
