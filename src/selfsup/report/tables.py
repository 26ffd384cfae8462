"""A table of finished cells, as CSV and as LaTeX; the templates print the same cells as HTML and PDF."""

import csv
import io
import re
from dataclasses import dataclass, field, replace

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{character: "\\" + character for character in "&%$#_{}"},
        "±": r"$\pm$",
        "\N{UPWARDS ARROW}": r"$\uparrow$",
        "\N{MINUS SIGN}": "$-$",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)

FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.])|[+-][\d.]+[^\d.,e% (±]")


@dataclass(frozen=True)
class Column:
    """``note`` is small print below the heading; ``numeric`` cells are aligned right and sorted by value, the highest
    first, or with ``lower`` the lowest. Of ``published`` ones the cells are others' numbers, and records those of the notes."""

    key: str
    heading: str
    note: str = ""
    numeric: bool = False
    lower: bool = False
    published: bool = False


@dataclass(frozen=True)
class Cell:
    """``text`` is printed as it is; ``value`` sorts; ``detail`` is the name of the page's record behind the number, ``rank``
    its rank in the column."""

    text: str
    note: str = ""
    value: float | None = None
    strong: bool = False
    absent: bool = False
    tone: str = ""
    detail: str = ""
    rank: str = ""


@dataclass(frozen=True)
class Table:
    """``name`` is its file and address; ``rows`` have a cell per column; ``notes`` are sentences below it."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)

    @property
    def ranked(self) -> bool:
        """Whether some cell has a rank."""
        return any(cell.rank for row in self.rows for cell in row)

    def select(self, indices: list[int]) -> "Table":
        """Return the table of these columns."""
        columns, rows = [self.columns[n] for n in indices], [[row[n] for n in indices] for row in self.rows]
        return replace(self, columns=columns, rows=rows)


def split(table: Table, limit: int = 7) -> list[Table]:
    """Return the table in parts of at most ``limit`` numeric columns, the width of a page; each has all others."""
    numeric = [n for n, column in enumerate(table.columns) if column.numeric]
    if len(numeric) <= limit:
        return [table]
    count = -(-len(numeric) // -(-len(numeric) // limit))
    parts = []
    for start in range(0, len(numeric), count):
        omitted = {*numeric} - {*numeric[start : start + count]}
        part = table.select([n for n in range(len(table.columns)) if n not in omitted])
        parts.append(replace(part, title=f"{table.title}, continued", notes=[]) if start else part)
    return parts


def as_csv(table: Table) -> str:
    """Return the cells' text as CSV, small print in brackets."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([no_formula(_with_note(column.heading, column.note)) for column in table.columns])
    writer.writerows([[no_formula(_with_note(cell.text, cell.note)) for cell in row] for row in table.rows])
    return stream.getvalue()


def no_formula(text: str) -> str:
    """Return a cell that spreadsheets read as text or as a number, never as a formula: those begin after a quote."""
    return f"'{text}" if FORMULA.match(text) else text


def as_latex(table: Table) -> str:
    """Return a tabular that needs ``\\usepackage{booktabs}``."""
    alignment = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(_with_note(column.heading, column.note).translate(LATEX) for column in table.columns)
    body = [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in table.rows]
    lines = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", head + r" \\", r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def joined(*parts: str) -> str:
    """Return the parts that are not empty, with commas."""
    return ", ".join(part for part in parts if part)


def with_unit(text: str, unit: str) -> str:
    """Return a number's text with its unit, except for percentages."""
    return text if unit in ("%", "") else f"{text} {unit}"


def decimals_of(unit: str) -> int:
    """Return the decimals of a number that no metric's declaration formats: one for percentages, else two."""
    return 1 if unit == "%" else 2


def capitalized(text: str) -> str:
    """Return the text with a capital first letter; the others keep their case."""
    return text[:1].upper() + text[1:]


def _with_note(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _latex_cell(cell: Cell) -> str:
    text = _with_note(cell.text, cell.note).translate(LATEX)
    return rf"\textbf{{{text}}}" if cell.strong else text
