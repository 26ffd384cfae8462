"""What the papers report, and where the code knowingly differs from them."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.report.content import Content
from selfsup.report.tables import Cell, Column, Table, with_unit

ENCODER = re.compile(r"_(resnet\d+|alexnet|nin)$")
FIELD = re.compile(r"(?<!`)\b(Source|Differs):\s*(.*?)(?=\b(?:Source|Differs):|\n[ \t]*\n|\Z)", re.S)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Reported = Mapping[str, Mapping[str, Any]]


def reported_cell(reported: Reported, variant: str, kind: str) -> Cell:
    """Return the published number beside a variant in the main table, with its data, encoder and protocol.

    It is that of a row with ``beside: true`` and the variant's name, or its name without an encoder
    (``simclr_resnet18``). A changed recipe (``simclr-no-colour``) has none.
    """
    for table in reported.values():
        for row in table["rows"]:
            if row["method"] in (variant, ENCODER.sub("", variant)) and row["beside"] and table["kind"] == kind:
                note = f"; {row['note']}" if row["note"] else ""
                return Cell(_value(table, row), f"{table['dataset']}, {row['setting']}{note}", row["value"])
    return Cell("", absent=True)


def published_table(content: Content) -> Table:
    """Return all reported numbers with their sources, data and encoders."""
    columns = [
        Column("method", "method"),
        Column("value", "reported", "% unless stated", numeric=True),
        Column("dataset", "data"),
        Column("setting", "setting"),
        Column("source", "source"),
    ]
    titles = {variant: title for group in content.groups for variant, title in group.titles.items()}
    rows = [
        [
            Cell(titles.get(row["method"], row["method"].replace("_", " "))),
            Cell(_value(table, row), value=row["value"]),
            Cell(table["dataset"]),
            Cell(row["setting"], row["note"]),
            Cell(f"{_source(table, row)}, {table['location']}"),
        ]
        for table in content.reported.values()
        for row in table["rows"]
    ]
    notes = ["Each number is of the data, encoder and budget in its row; none of them is ours."]
    return Table("published", "Published and peers' numbers", columns, rows, notes)


def _value(table: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    unit, decimals = (table[key] if row[key] is None else row[key] for key in ("unit", "decimals"))
    return with_unit(f"{row['value']:.{decimals}f}", unit)


def _source(table: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    if row["repository"]:
        return str(row["repository"])
    paper = table["paper"]
    return f"{paper['authors'].split(',')[0].split()[-1]} et al. {paper['year']} (arXiv:{paper['arxiv']})"


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
