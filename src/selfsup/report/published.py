"""Published and peers' numbers: which stand beside ours, all of them in full, and the papers they come from."""

import re
from collections.abc import Mapping
from typing import Any

from selfsup.report.content import Content
from selfsup.report.tables import Cell, Column, Table

ENCODER = re.compile(r"_(resnet\d+|alexnet|nin)$")
Reported = Mapping[str, Mapping[str, Any]]


def beside(reported: Reported, variant: str, kind: str) -> Cell:
    """Return the number that stands beside a variant's linear probe, with whose data and encoder it is.

    A row that is marked ``beside: true`` stands beside the variant of its name, and beside that name's other encoders
    (``simclr_resnet18``), but not beside changed recipes (``simclr-no-colour``) or other methods whose names begin so.
    """
    named = {variant, ENCODER.sub("", variant)}
    for table in reported.values():
        for row in table["rows"]:
            if row["method"] in named and row["beside"] and table["kind"] == kind:
                protocol = f"; {row['note']}" if row["note"] else ""
                return Cell(_value(table, row), f"{table['dataset']}, {row['setting']}{protocol}", row["value"])
    return Cell("", absent=True)


def published_table(content: Content) -> Table:
    """Return every reported number with its place, data, encoder and what differs."""
    columns = [
        Column("method", "method"),
        Column("value", "reported", "% unless said", numeric=True),
        Column("dataset", "data"),
        Column("setting", "setting"),
        Column("source", "source"),
    ]
    rows = [
        [
            Cell(row["method"]),
            Cell(_value(table, row), value=row["value"]),
            Cell(table["dataset"]),
            Cell(row["setting"], row["note"]),
            Cell(f"{_source(table, row)}, {table['location']}"),
        ]
        for table in content.reported.values()
        for row in table["rows"]
    ]
    notes = ["Each number is of the data, encoder and budget in its own row; none is of ours."]
    return Table("published", "Published and peers' numbers", columns, rows, notes)


def references(content: Content) -> list[list[str]]:
    """Return [text, address] of what the methods and the reported numbers come from: papers by author, then repositories."""
    papers = content.papers + [table["paper"] for table in content.reported.values() if table["paper"]]
    lines = {paper.get("arxiv") or paper["title"]: _reference(paper) for paper in papers}
    rows = [row for table in content.reported.values() for row in table["rows"]]
    repositories = sorted({row["repository"] for row in rows if row["repository"]})
    return sorted(lines.values()) + [[name, f"https://github.com/{name}"] for name in repositories]


def _reference(paper: Mapping[str, Any]) -> list[str]:
    venue = f" {paper['venue']}," if paper.get("venue") else ""
    text = f"{paper['authors']}. {paper['title']}.{venue} {paper['year']}."
    arxiv = paper.get("arxiv")
    return [f"{text} arXiv:{arxiv}", f"https://arxiv.org/abs/{arxiv}"] if arxiv else [text, ""]


def _source(table: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    if row["repository"]:
        return str(row["repository"])
    paper = table["paper"]
    return f"{paper['authors'].split(',')[0].split()[-1]} et al. {paper['year']} (arXiv:{paper['arxiv']})"


def _value(table: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    unit, decimals = (table[key] if row[key] is None else row[key] for key in ("unit", "decimals"))
    return f"{row['value']:.{decimals}f}" + f" {unit}" * (unit not in ("%", ""))
