"""Published and peers' numbers: one file per table in ``params/reported``, and the suites whose reports print it."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt

from selfsup.config.files import Paper
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import Strict, check, read_yaml, require
from selfsup.config.suite import Suite, known_runs
from selfsup.errors import InputError


class ReportedPaper(Paper):
    arxiv: str


class ReportedRow(Strict):
    method: str
    setting: str
    value: float
    unit: str | None = None
    decimals: NonNegativeInt | None = None
    note: str = ""
    beside: bool = False
    repository: str | None = None


class ReportedFile(Strict):
    """A table. It is printed with any of its ``runs`` (or experiments); if it names none, with a method of its paper."""

    id: str
    location: str
    dataset: str
    unit: str
    decimals: NonNegativeInt
    rows: Annotated[list[ReportedRow], Field(min_length=1)]
    kind: Literal["paper", "peer"] = "paper"
    paper: ReportedPaper | None = None
    runs: list[str] = Field([])


@cache
def reported() -> dict[str, dict[str, Any]]:
    """Return every published table by name, with defaults filled in; InputError for the first mistake in a file."""
    return {file.stem: read_table(file, read_yaml(file)) for file in sorted((PARAMS / "reported").glob("*.yaml"))}


def read_table(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Return one file's table, as parsed from YAML, checked."""
    table = check(ReportedFile, content, file)
    if table["id"] != file.stem:
        raise InputError(f"{file}: key id is {table['id']}; write {file.stem}, the file's name")
    for number, row in enumerate(table["rows"]):
        if (row["repository"] is None) == (table["paper"] is None):
            fix = "a table with a paper has none, remove it" if table["paper"] else "add it, or the table's paper"
            raise InputError(f"{file}: key rows.{number}.repository is the source of a number; {fix}")
    for run in table["runs"]:
        require(run, known_runs(), f"{file}: key runs has {run}, which is not a run of any suite nor a recipe")
    if not table["paper"] and not table["runs"]:
        raise InputError(f"{file}: key runs is missing; without a paper, name the runs with which it is printed")
    return table


def of_suite(suite: Suite) -> dict[str, dict[str, Any]]:
    """Return the published tables of a suite's report, by name."""
    runs = {run.name for group in suite.groups for run in group.runs} | {entry.name for entry in suite.experiments}
    papers = {run.paper.get("arxiv") for group in suite.groups for run in group.runs}
    return {
        name: table
        for name, table in reported().items()
        if runs & set(table["runs"]) or (not table["runs"] and table["paper"]["arxiv"] in papers)
    }
