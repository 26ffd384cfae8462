"""What the papers report, and where the code knowingly differs from them."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.report.content import Content
from selfsup.report.tables import Cell, Column, Table, joined, with_unit

ENCODER = re.compile(r"_(resnet\d+|alexnet|nin)$")
FIELD = re.compile(r"(?<!`)\b(Source|Differs):\s*(.*?)(?=\b(?:Source|Differs):|\n[ \t]*\n|\Z)", re.S)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Reported = Mapping[str, Mapping[str, Any]]


def reported_cell(reported: Reported, variant: str, kind: str) -> Cell:
    """Return the published number beside a variant in the main table, with its data, encoder and place.

    It is that of a row whose run is the variant's, or its name without an encoder (``simclr_resnet18``), and that names the
    column as ``beside``. A changed recipe (``simclr-no-colour``) has none.
    """
    for table in reported.values():
        for row in table["rows"] if table["kind"] == kind else ():
            if row["beside"] and {variant, ENCODER.sub("", variant)} & set(runs_of(row, row["beside"])):
                note = joined(table["dataset"], row["repository"] or table["encoder"], row["title"], row["note"])
                unit = table["columns"][row["beside"]]["unit"] or table["unit"]
                return Cell(with_unit(number(table, row, row["beside"]), unit), note, row["values"][row["beside"]])
    return Cell("", absent=True)


def runs_of(row: Mapping[str, Any], column: str) -> list[str]:
    """Return our runs of a row in one of its columns."""
    runs: list[str] = row["run"].get(column, []) if isinstance(row["run"], dict) else row["run"]
    return runs


def number(table: Mapping[str, Any], row: Mapping[str, Any], column: str) -> str:
    """Return a published number with the decimals of its table, or its own if it has more."""
    declared, value = table["columns"][column], row["values"][column]
    decimals = table["decimals"] if declared["decimals"] is None else declared["decimals"]
    own = len(repr(value).partition(".")[2].rstrip("0"))
    return f"{value:,.{max(decimals, own)}f}"


def source(table: Mapping[str, Any]) -> str:
    """Return a table's paper, by its first author; for peers' numbers, that they are others'."""
    paper = table["paper"]
    return f"{paper['authors'].split(',')[0].split()[-1]} et al. {paper['year']}" if paper else "Other repositories"


def references(content: Content) -> list[list[str]]:
    """Return [text, address] of the sources of methods and reported numbers: papers by author, then repositories."""
    tables = content.reported.values()
    papers = content.papers + [table["paper"] for table in tables if table["paper"]]
    lines = {paper.get("arxiv") or paper["title"]: _reference(paper) for paper in papers}
    repositories = sorted({row["repository"] for table in tables for row in table["rows"] if row["repository"]})
    return sorted(lines.values()) + [[name, f"https://github.com/{name}"] for name in repositories]


def _reference(paper: Mapping[str, Any]) -> list[str]:
    venue = f" {paper['venue']}," if paper.get("venue") else ""
    text = f"{paper['authors']}. {paper['title']}.{venue} {paper['year']}."
    arxiv = paper.get("arxiv")
    return [f"{text} arXiv:{arxiv}", f"https://arxiv.org/abs/{arxiv}"] if arxiv else [text, ""]


def deviations_table(modules: Iterable[str]) -> Table:
    """Return a row for each ``Differs:`` of the docstrings of these modules (``selfsup.methods.moco``), not imported."""
    columns = [Column("where", "where"), Column("source", "paper"), Column("differs", "what differs, and why")]
    paths = {module: path for module in sorted(set(modules)) if (path := extensions.source(module))}
    rows = [
        [Cell(text) for text in deviation]
        for module, path in paths.items()
        if path.name != "__init__.py"
        for deviation in _deviations(path, f"{module.removeprefix('selfsup.').replace('.', '/')}.py")
    ]
    notes = ["Read from the docstrings of the code that made these results."]
    return Table("deviations", "Deviations from the papers", columns, rows, notes)


def _deviations(path: Path, name: str) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Documented):
            fields = FIELD.findall(ast.get_docstring(node) or "")
            texts = [(key, " ".join(text.replace("`", "").split())) for key, text in fields]
            source = "; ".join(text for key, text in texts if key == "Source")
            where = name if isinstance(node, ast.Module) else f"{name}: {node.name}"
            yield from ((where, source, text) for key, text in texts if key == "Differs")
