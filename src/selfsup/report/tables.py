"""One table of finished cells, and the forms it is printed in: CSV, LaTeX, and plain values for typst.

HTML is drawn from the same cells by ``templates/table.html``.
"""

import csv
import io
from dataclasses import asdict, dataclass, field, replace
from typing import Any

LATEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
    "±": r"$\pm$",
    "\N{MINUS SIGN}": "$-$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Column:
    """``note`` is small print under the heading; ``numeric`` cells are set right and sort by value, best first: the
    highest, or with ``lower`` the lowest."""

    key: str
    heading: str
    note: str = ""
    numeric: bool = False
    lower: bool = False


@dataclass(frozen=True)
class Cell:
    """``text`` is final: no emitter rounds. ``value`` sorts; ``detail`` names the page's record behind the number."""

    text: str
    note: str = ""
    value: float | None = None
    strong: bool = False
    absent: bool = False
    tone: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Table:
    """``name`` is its file and address; ``rows`` hold one cell a column; ``notes`` stand below it, a sentence each."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)

    def select(self, keys: list[str]) -> "Table":
        """Return the table of those of its columns that have one of these keys."""
        places = [n for n, column in enumerate(self.columns) if column.key in keys]
        columns, rows = [self.columns[n] for n in places], [[row[n] for n in places] for row in self.rows]
        return replace(self, columns=columns, rows=rows)


def narrow(table: Table, most: int = 7) -> list[Table]:
    """Return the table in pieces of at most ``most`` numeric columns, each with the others in front: a page's width."""
    wide = [n for n, column in enumerate(table.columns) if column.numeric]
    if len(wide) <= most:
        return [table]
    share = -(-len(wide) // -(-len(wide) // most))
    pieces = []
    for start in range(0, len(wide), share):
        kept = [n for n in range(len(table.columns)) if n not in wide or n in wide[start : start + share]]
        part = replace(
            table,
            columns=[table.columns[n] for n in kept],
            rows=[[row[n] for n in kept] for row in table.rows],
            title=f"{table.title}, continued" if start else table.title,
            notes=[] if start else table.notes,
        )
        pieces.append(part)
    return pieces


def as_csv(table: Table) -> str:
    """Return the cells' text as CSV, small print in brackets."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_with_note(column.heading, column.note) for column in table.columns])
    writer.writerows([[_with_note(cell.text, cell.note) for cell in row] for row in table.rows])
    return stream.getvalue()


def as_latex(table: Table) -> str:
    """Return a booktabs tabular; ``\\usepackage{booktabs}`` is all that it needs."""
    form = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(_latex(_with_note(column.heading, column.note)) for column in table.columns)
    body = [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in table.rows]
    lines = [rf"\begin{{tabular}}{{{form}}}", r"\toprule", head + r" \\", r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def as_values(table: Table) -> dict[str, Any]:
    """Return the table as plain values, which the typst template draws."""
    return asdict(table)


def _with_note(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)


def _latex_cell(cell: Cell) -> str:
    text = _latex(_with_note(cell.text, cell.note))
    return rf"\textbf{{{text}}}" if cell.strong else text
