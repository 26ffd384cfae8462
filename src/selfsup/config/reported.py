"""Published and peers' tables, one file each in ``params/reported``: their rows and columns, and what of ours stands in a cell.

A column's ``ours`` are the keys of our result rows that measure the same. A row names our ``run``, or {column: run}, and in its
own ``ours`` the keys that differ there. Each may be a list, of which the first that a suite evaluates counts. ``why`` says why
a row or a column has no number of ours.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt

from selfsup.config.claims import DimensionKeys, Side, SideKeys, check_side
from selfsup.config.files import Paper
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import Strict, check, read_yaml, require
from selfsup.config.suite import Suite, known_runs
from selfsup.errors import InputError


class ReportedPaper(Paper):
    arxiv: str


class OurKeys(DimensionKeys):
    """Keys of result rows; all that a column and a row together do not name are empty."""

    evaluation: str | None = None
    metric: str | None = None


Alternatives = Annotated[list[OurKeys], BeforeValidator(lambda entry: [entry] if isinstance(entry, dict) else entry)]
Runs = Annotated[list[str], BeforeValidator(lambda entry: [entry] if isinstance(entry, str) else entry)]


class ReportedColumn(Strict):
    title: str
    unit: str | None = None
    decimals: NonNegativeInt | None = None
    ours: Alternatives = Field([])
    why: str = ""


class ReportedRow(Strict):
    title: str
    values: dict[str, float]
    run: Runs | dict[str, Runs] = Field([])
    ours: Alternatives = Field([])
    why: str = ""
    note: str = ""
    beside: str | None = None
    repository: str | None = None


class ReportedFile(Strict):
    """A table. It is printed with any of its ``runs`` (or experiments); if it names none, with a method of its paper."""

    id: str
    title: str
    location: str
    slides: list[PositiveInt] = Field([])
    dataset: str
    encoder: str = ""
    unit: str
    decimals: NonNegativeInt
    note: str = ""
    columns: Annotated[dict[str, ReportedColumn], Field(min_length=1)]
    rows: Annotated[list[ReportedRow], Field(min_length=1)]
    kind: Literal["paper", "peer"] = "paper"
    paper: ReportedPaper | None = None
    runs: list[str] = Field([])


@cache
def reported() -> dict[str, dict[str, Any]]:
    """Return every published table by name, with defaults filled in; InputError for the first mistake in a file."""
    return {file.stem: read_table(file, read_yaml(file)) for file in sorted((PARAMS / "reported").glob("*.yaml"))}


def read_table(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Return one file's table, as parsed from YAML, checked; ``sides`` of a row are our result rows by column."""
    table = check(ReportedFile, content, file)
    if table["id"] != file.stem:
        raise InputError(f"{file}: key id is {table['id']}; write {file.stem}, the file's name")
    for number, row in enumerate(table["rows"]):
        _check_row(table, row, f"{file}: key rows.{number}")
        row["sides"] = {name: list(_sides(table, row, name, file, number)) for name in table["columns"]}
    for run in table["runs"]:
        require(run, known_runs(), f"{file}: key runs has {run}, which is not a run of any suite nor a recipe")
    if not table["paper"] and not table["runs"]:
        raise InputError(f"{file}: key runs is missing; without a paper, name the runs with which it is printed")
    return table


def _check_row(table: dict[str, Any], row: dict[str, Any], key: str) -> None:
    if (row["repository"] is None) == (table["paper"] is None):
        fix = "a table with a paper has none, remove it" if table["paper"] else "add it, or the table's paper"
        raise InputError(f"{key}.repository is the source of a number; {fix}")
    for column in row["values"]:
        require(column, table["columns"], f"{key}.values has {column}, which is no column of the table")
    if row["beside"] is not None:
        require(row["beside"], row["values"], f"{key}.beside is {row['beside']}, of which the row has no value")
    for run in itertools.chain(*row["run"].values()) if isinstance(row["run"], dict) else row["run"]:
        require(run, known_runs(), f"{key}.run has {run}, which is not a run of any suite nor a recipe")


def _sides(table: dict[str, Any], row: dict[str, Any], column: str, file: Path, number: int) -> Iterator[Side]:
    """Yield what can stand in a cell of ours: the row's runs and keys over each of the column's alternatives."""
    runs = row["run"].get(column, []) if isinstance(row["run"], dict) else row["run"]
    where = f"rows.{number}, column {column}"
    for run, keys, own in itertools.product(runs, table["columns"][column]["ours"], row["ours"] or [{}]):
        named = {name: value for part in (keys, own) for name, value in part.items() if value is not None}
        side = Side(**check(SideKeys, named | {"run": run}, file, where))
        check_side(side, f"{file}: {where}")
        yield side


def of_suite(suite: Suite) -> dict[str, dict[str, Any]]:
    """Return the published tables of a suite's report, by name."""
    runs = {run.name for group in suite.groups for run in group.runs} | {entry.name for entry in suite.experiments}
    papers = {run.paper.get("arxiv") for group in suite.groups for run in group.runs}
    return {
        name: table
        for name, table in reported().items()
        if runs & set(table["runs"]) or (not table["runs"] and table["paper"]["arxiv"] in papers)
    }
