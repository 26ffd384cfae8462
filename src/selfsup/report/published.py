"""The papers' tables as published, with our number in each cell that has one, and the reason for each that has none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from selfsup.config.claims import Side
from selfsup.report.claims import matching_rows
from selfsup.report.content import Content
from selfsup.report.group import Group, Scoring
from selfsup.report.intervals import mean_interval
from selfsup.report.main_table import DASH
from selfsup.report.papers import number, source
from selfsup.report.rows import NOT_EVALUATED, absence, by_seed, encoder_name
from selfsup.report.scores import NOT_MEASURED, Quantity, Scores
from selfsup.report.tables import Cell, Column, Table, capitalized, joined, with_unit
from selfsup.results import DIMENSIONS

NOT_IMPLEMENTED = "not implemented here"
NO_SUCH_MEASURE = "not measured by any evaluation here"
NOT_TRAINED = "not trained in this suite"


@dataclass(frozen=True)
class Ours:
    """Our number in a cell: its text, the seeds it is of, and where it was measured."""

    text: str
    seeds: int
    run: str
    group: Group
    scoring: Scoring
    quantity: Quantity
    detail: str


def published_tables(content: Content, rows: Mapping[str, pd.DataFrame], scores: Mapping[str, Scores]) -> list[Table]:
    """Return every reported table of the suite, those with numbers of ours first, each in the order of papers and places."""
    by_place = sorted(content.reported.values(), key=lambda table: (table["slides"] or [1000], table["id"]))
    tables = [_table(content, table, rows, scores) for table in by_place]
    return sorted(tables, key=lambda table: table.columns[-1].key != "ours")


def _table(
    content: Content, reported: Mapping[str, Any], rows: Mapping[str, pd.DataFrame], scores: Mapping[str, Scores]
) -> Table:
    groups = _by_coverage(content.groups, reported)
    found = [
        {column: _ours(groups, side, rows, scores) for column, side in row["sides"].items()} for row in reported["rows"]
    ]
    measured = [ours for cells in found for ours in cells.values() if isinstance(ours, Ours)]
    columns = [Column("row", "row"), *(_column(reported, name) for name in reported["columns"])]
    cells = [
        [Cell(row["title"]), *(_cell(reported, row, name, ours.get(name)) for name in reported["columns"])]
        for row, ours in zip(reported["rows"], found, strict=True)
    ]
    if measured:
        columns.append(Column("ours", "ours on"))
        for row, ours in zip(cells, found, strict=True):
            row.append(_where([each for each in ours.values() if isinstance(each, Ours)]))
    title = f"{source(reported)}, {reported['location']}: {reported['title']}"
    return Table(reported["id"], title, columns, cells, _notes(reported, found, measured))


def _by_coverage(groups: list[Group], reported: Mapping[str, Any]) -> list[Group]:
    """Return the groups, first the one that scores the most of a table's cells, so that its rows are of one group if possible."""
    sides = [side for row in reported["rows"] for alternatives in row["sides"].values() for side in alternatives]
    return sorted(groups, key=lambda group: -sum(_scoring(group, side) is not None for side in sides))


def _scoring(group: Group, side: Side) -> Scoring | None:
    """Return the first scoring of a group that may have a side's number."""
    for scoring in group.scorings:
        scored = group.protocols_on(scoring.target).get(side.run, ())
        if scoring.protocol.name == side.evaluation and side.evaluation in scored:
            return scoring
    return None


def _ours(
    groups: list[Group], sides: list[Side], rows: Mapping[str, pd.DataFrame], scores: Mapping[str, Scores]
) -> Ours | str:
    """Return our number of the first side that was measured, in the first group that has it, or why there is none."""
    reasons = []
    for side in sides:
        for group in groups:
            if scoring := _scoring(group, side):
                matching = matching_rows(rows[group.name], side, scoring.target.name)
                if len(matching):
                    return _number(group, scoring, side, matching, scores[group.name])
                reasons.append(absence(group, side.run, scoring).replace("missing", NOT_MEASURED))
    if reasons:
        return reasons[0]
    trained = any(side.run in group.variants for side in sides for group in groups)
    return (NOT_EVALUATED if trained else NOT_TRAINED) if sides else ""


def _number(group: Group, scoring: Scoring, side: Side, matching: pd.DataFrame, scores: Scores) -> Ours:
    where = {name: getattr(side, name) for name in DIMENSIONS}
    quantity = Quantity(
        scoring.protocol.shown, side.metric, {name: v for name, v in where.items() if v not in (None, "")}
    )
    interval = mean_interval(by_seed(matching).values())
    key = f"{scoring.key}{quantity.key}"
    detail = f"{group.name}/{side.run}/{key}" if (side.run, key) in scores else ""
    return Ours(interval.text(quantity.spec.decimals), interval.n, side.run, group, scoring, quantity, detail)


def _column(reported: Mapping[str, Any], name: str) -> Column:
    declared = reported["columns"][name]
    return Column(name, declared["title"], declared["unit"] or reported["unit"], numeric=True, published=True)


def _cell(reported: Mapping[str, Any], row: Mapping[str, Any], column: str, ours: Ours | str | None) -> Cell:
    """Return the published number, with ours below it."""
    value = row["values"].get(column)
    text = DASH if value is None else number(reported, row, column)
    if not isinstance(ours, Ours):
        return Cell(text, value=value, absent=value is None)
    unit = reported["columns"][column]["unit"] or reported["unit"]
    own = ours.quantity.spec.unit
    shown = ours.text if own == unit else with_unit(ours.text, own)
    return Cell(text, f"ours {shown}", value, detail=ours.detail)


def _where(measured: list[Ours]) -> Cell:
    """Return the data that a row's numbers of ours were measured on, and their seeds."""
    by_group: dict[str, dict[str, None]] = {}
    for ours in measured:
        by_group.setdefault(ours.group.name if ours.scoring.transfer else "", {})[ours.scoring.target.name] = None
    places = [_and(list(targets)) + (f", pretrained on {name}" if name else "") for name, targets in by_group.items()]
    counts = sorted({ours.seeds for ours in measured})
    seeds = "" if not counts else "one seed" if counts == [1] else f"{' to '.join(map(str, counts))} seeds"
    return Cell("; ".join(places) or DASH, seeds, absent=not places)


def _notes(reported: Mapping[str, Any], found: list[dict[str, Ours | str]], measured: list[Ours]) -> list[str]:
    slides = (
        reported["slides"] and f"slide{'s' * (len(reported['slides']) > 1)} {', '.join(map(str, reported['slides']))}"
    )
    notes = [f"Published: {joined(reported['encoder'], reported['dataset'], slides or '')}. {reported['note']}".strip()]
    notes += [f"{row['title']}: {row['note']}." for row in reported["rows"] if row["note"]]
    if measured:
        notes.append(
            "Below each, ours: the mean ± half the width of its 95 % interval over seeds, of "
            f"{_and(_encoders(measured))}, {_and(_protocols(reported, found))}."
        )
    return notes + _reasons(reported, found)


def _encoders(measured: list[Ours]) -> list[str]:
    recipes = [member.recipe for ours in measured for member in ours.group.seeds_of(ours.run)[:1]]
    return list(dict.fromkeys(encoder_name(recipe) for recipe in recipes))


def _protocols(reported: Mapping[str, Any], found: list[dict[str, Ours | str]]) -> list[str]:
    """Return by which protocol and metric of ours each column was measured."""
    by_words: dict[str, dict[str, None]] = {}
    for cells in found:
        for column, ours in cells.items():
            if isinstance(ours, Ours):
                title, quantity = reported["columns"][column]["title"], ours.quantity
                metric = quantity.title if quantity.title != title else ""
                labels = quantity.labels if quantity.dimensions.keys() & {"label_fraction", "shots"} else ""
                by_words.setdefault(joined(ours.scoring.protocol.title, metric, labels), {})[title] = None
    if len(by_words) == 1:
        return [f"by {words}" for words in by_words]
    return [f"{_and(list(titles))} by {words}" for words, titles in by_words.items()]


def _reasons(reported: Mapping[str, Any], found: list[dict[str, Ours | str]]) -> list[str]:
    """Return, for each reason, the rows, columns and cells that have a published number and none of ours."""
    by_reason: dict[str, dict[str, None]] = {}
    for row, cells in zip(reported["rows"], found, strict=True):
        missing = {column: cells[column] for column in row["values"] if not isinstance(cells[column], Ours)}
        whole = not any(isinstance(ours, Ours) for ours in cells.values()) and len({*missing.values()} - {""}) == 1
        for column, ours in missing.items():
            reason, what = _reason(reported["columns"][column], row, str(ours), whole)
            by_reason.setdefault(reason, {})[what] = None
    return [f"{capitalized(reason)}: {_and(list(names)).removesuffix('.')}." for reason, names in by_reason.items()]


def _reason(column: Mapping[str, Any], row: Mapping[str, Any], ours: str, whole: bool) -> tuple[str, str]:
    """Return why a cell has no number of ours, and what the reason is of: its row (as a ``whole``), its column, or the cell."""
    if not row["run"] or row["why"]:
        return row["why"] or NOT_IMPLEMENTED, row["title"]
    if not ours:
        return column["why"] or NO_SUCH_MEASURE, column["title"]
    return ours, row["title"] if whole or ours == NOT_TRAINED else f"{row['title']} ({column['title']})"


def _and(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
