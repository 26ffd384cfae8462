"""Where the code knowingly leaves its papers, read from its docstrings without importing it."""

import ast
import re
from pathlib import Path

from selfsup.report.tables import Cell, Column, Table

PACKAGE = Path(__file__).parents[1]
FIELD = re.compile(r"(?<!`)\b(Source|Differs):\s*(.*?)(?=\b(?:Source|Differs):|\n[ \t]*\n|\Z)", re.S)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def deviations_table(package: Path = PACKAGE) -> Table:
    """Return one row for each deviation that a docstring under ``package`` states: where, of which paper, what and why."""
    columns = [Column("where", "where"), Column("source", "paper"), Column("differs", "what differs, and why")]
    rows = [
        [Cell(where), Cell(source), Cell(differs)]
        for path in sorted(package.rglob("*.py"))
        for where, source, differs in _of_file(path, path.relative_to(package).as_posix())
    ]
    notes = ["Read from the docstrings of the code that made this report."]
    return Table("deviations", "Deviations from the papers", columns, rows, notes)


def _of_file(path: Path, name: str) -> list[tuple[str, str, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, Documented):
            continue
        fields = [
            (key, " ".join(text.replace("`", "").split())) for key, text in FIELD.findall(ast.get_docstring(node) or "")
        ]
        source = "; ".join(text for key, text in fields if key == "Source")
        where = name if isinstance(node, ast.Module) else f"{name}: {node.name}"
        found += [(where, source, text) for key, text in fields if key == "Differs"]
    return found
