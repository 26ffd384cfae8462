"""Where the code knowingly leaves its papers, read from its docstrings without importing it."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from selfsup import extensions
from selfsup.report.tables import Cell, Column, Table

FIELD = re.compile(r"(?<!`)\b(Source|Differs):\s*(.*?)(?=\b(?:Source|Differs):|\n[ \t]*\n|\Z)", re.S)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def deviations_table(modules: Iterable[str]) -> Table:
    """Return one row for each deviation that a docstring of these modules states: where, of which paper, what and why.

    ``modules`` are full names such as ``selfsup.methods.moco``; packages have nothing to state, for theirs are empty.
    """
    columns = [Column("where", "where"), Column("source", "paper"), Column("differs", "what differs, and why")]
    rows = [
        [Cell(where), Cell(source), Cell(differs)]
        for module in sorted(set(modules))
        if (path := extensions.source(module)) and path.name != "__init__.py"
        for where, source, differs in _of_file(path, module)
    ]
    notes = ["Read from the docstrings of the code that made these results."]
    return Table("deviations", "Deviations from the papers", columns, rows, notes)


def _of_file(path: Path, module: str) -> list[tuple[str, str, str]]:
    name = f"{module.removeprefix('selfsup.').replace('.', '/')}.py"
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
