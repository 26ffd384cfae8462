"""Two reports compared, of two suites, commits or machines: what changed in numbers, verdicts, parameters, code and data."""

import io
import json
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from selfsup.errors import InputError
from selfsup.report.build import environment
from selfsup.report.intervals import Interval, mean_interval, paired_interval
from selfsup.report.rows import by_seed
from selfsup.report.tables import Cell, Column, Table

FILES = ("manifest.json", "metrics.json", "results.csv")
OF_A_NUMBER = [
    "pretrain_set",
    "variant",
    "dataset",
    "protocol",
    "metric",
    "baseline",
    "subset",
    "at",
    "label_fraction",
    "shots",
]
WIDTH = 70  # letters of a cell in a terminal


@dataclass(frozen=True)
class Published:
    """What git holds of a report: its manifest, its metrics and the rows of results.csv."""

    place: str
    manifest: dict[str, Any]
    metrics: dict[str, Any]
    rows: pd.DataFrame


def read(place: str) -> Published:
    """Return a report by its folder, or as it was at a commit, ``COMMIT:reports/quick``."""
    texts = {name: _text(place, name) for name in FILES}
    try:
        rows = pd.read_csv(io.StringIO(texts["results.csv"]), keep_default_na=False)
        return Published(place, json.loads(texts["manifest.json"]), json.loads(texts["metrics.json"]), rows)
    except ValueError as error:
        raise InputError(f"{place} is damaged ({str(error).splitlines()[0]}); `selfsup verify` says what is") from error


def _text(place: str, name: str) -> str:
    file = Path(place, name)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    if ":" in place and not Path(place).exists():
        shown = subprocess.run(["git", "show", f"{place.rstrip('/')}/{name}"], capture_output=True, check=False)
        if shown.returncode == 0:
            return shown.stdout.decode()
        raise InputError(f"{place}: {shown.stderr.decode().strip()}; name COMMIT:reports/SUITE, which git must hold")
    raise InputError(
        f"{place} has no {name}; name the folder of a report, such as reports/quick, or COMMIT:reports/quick"
    )


def tables(first: Published, second: Published) -> list[Table]:
    """Return the tables of a comparison: verdicts, numbers, and what the reports were made from; only what differs."""
    return [verdicts(first, second), numbers(first, second), parameters(first, second), sources(first, second)]


def numbers(first: Published, second: Published) -> Table:
    """Return the means that differ, the largest differences in their standard errors first; not those of single layers.

    Seeds that both have are paired; the interval is of the difference over them.
    """
    values = [_by_number(report.rows) for report in (first, second)]
    common = [key for key in values[0] if key in values[1] and values[0][key] != values[1][key]]
    common.sort(key=lambda key: -_size(values[0][key], values[1][key]))
    rows = [_number(key, values[0][key], values[1][key]) for key in common]
    equal = sum(values[1].get(key) == of_key for key, of_key in values[0].items())
    alone = [len(values[n].keys() - values[1 - n].keys()) for n in range(2)]
    columns = [Column(name, name.replace("_", " ")) for name in ("number", "seeds")]
    columns[1:1] = [Column(name, name, numeric=True) for name in ("first", "second", "difference")]
    note = f"{len(rows)} numbers differ, {equal} are equal; {alone[0]} are in the first report alone, {alone[1]} in the second."
    return Table("numbers", "Numbers", columns, rows, [note])


def _by_number(rows: pd.DataFrame) -> dict[tuple[str, ...], dict[int, float]]:
    rows = rows[rows["layer"] == ""]
    keys = rows[OF_A_NUMBER].astype(str)
    grouped = rows.groupby([keys[name] for name in OF_A_NUMBER], sort=False)
    return {tuple(map(str, key)): by_seed(of_key) for key, of_key in grouped}


def _difference(first: dict[int, float], second: dict[int, float]) -> Interval:
    paired = paired_interval(second, first)
    means = [mean_interval(values.values()).mean for values in (first, second)]
    return paired or Interval(means[1] - means[0], None, 0)


def _size(first: dict[int, float], second: dict[int, float]) -> float:
    difference = _difference(first, second)
    return abs(difference.mean) / difference.standard_error if difference.half_width else 0.0


def _number(key: tuple[str, ...], first: dict[int, float], second: dict[int, float]) -> list[Cell]:
    difference = _difference(first, second)
    name = ", ".join(part for part in key if part)
    means = [mean_interval(values.values()).mean for values in (first, second)]
    beyond = difference.half_width is not None and abs(difference.mean) > difference.half_width
    return [
        Cell(name),
        *(Cell(f"{mean:.4g}", value=mean) for mean in means),
        Cell(f"{difference.mean:+.3g}{_spread(difference)}", value=difference.mean, strong=beyond),
        Cell(f"{len(first)}, {len(second)}"),
    ]


def _spread(difference: Interval) -> str:
    return "" if difference.half_width is None else f" ± {difference.half_width:.3g}"


def verdicts(first: Published, second: Published) -> Table:
    """Return the claims whose verdict differs."""
    both = [_flat(report.metrics["claims"]) for report in (first, second)]
    return _two_columns("verdicts", "Verdicts", "claim", *both)


def parameters(first: Published, second: Published) -> Table:
    """Return the keys of recipes, protocols and data that differ."""
    both = [_flat(report.manifest.get("parameters", {})) for report in (first, second)]
    table = _two_columns("parameters", "Parameters", "key", *both)
    unrecorded = [report.place for report, keys in zip((first, second), both, strict=True) if not keys]
    notes = [f"{place} was published before reports recorded their parameters." for place in unrecorded]
    return Table(table.name, table.title, table.columns, [] if unrecorded else table.rows, notes or table.notes)


def sources(first: Published, second: Published) -> Table:
    """Return what else the reports were made from, and with, that differs: code, data, results, texts, libraries."""
    both = [
        _flat({**_named(report.manifest["made_from"]), "made with": report.manifest["made_with"]})
        for report in (first, second)
    ]
    return _two_columns("sources", "Made from", "source", *both)


def _two_columns(name: str, title: str, heading: str, first: dict[str, str], second: dict[str, str]) -> Table:
    """Return the entries that differ, beside each other, and a note on how many of all they are."""
    columns = [Column(heading, heading), Column("first", "first"), Column("second", "second")]
    found = _changed(first, second)
    rows = [[Cell(text or "\N{EN DASH}", absent=not text) for text in entry] for entry in found]
    return Table(name, title, columns, rows, [f"{len(rows)} of {len(first.keys() | second.keys())} differ."])


def _changed(first: dict[str, str], second: dict[str, str]) -> list[tuple[str, str, str]]:
    names = dict.fromkeys([*first, *second])
    return [(name, first.get(name, ""), second.get(name, "")) for name in names if first.get(name) != second.get(name)]


def _named(value: Any) -> Any:
    """Return lists of pairs, name and value, as dictionaries."""
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    pairs = (
        isinstance(value, list)
        and value
        and all(isinstance(v, list) and len(v) == 2 and isinstance(v[0], str) for v in value)
    )
    return {name: _named(inner) for name, inner in value} if pairs else value


def _flat(value: Any, path: tuple[str, ...] = ()) -> dict[str, str]:
    """Return {dotted key: text} of plain values."""
    if isinstance(value, dict):
        return {key: text for name, inner in value.items() for key, text in _flat(inner, (*path, str(name))).items()}
    return {".".join(path): value if isinstance(value, str) else json.dumps(value)}


def page(first: Published, second: Published, found: list[Table]) -> str:
    """Return a comparison as one HTML page."""
    return (
        environment()
        .get_template("comparison.html")
        .render(title=f"{first.place} and {second.place}", first=first.place, second=second.place, tables=found)
    )


def text(found: list[Table], rows: int) -> Iterator[str]:
    """Yield the lines of tables for a terminal, at most ``rows`` of each."""
    for table in found:
        yield f"{table.title}: {' '.join(table.notes)}"
        cells = [[textwrap.shorten(cell.text, WIDTH, placeholder="...") for cell in row] for row in table.rows[:rows]]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
        for row in cells:
            yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if len(table.rows) > rows:
            yield f"  and {len(table.rows) - rows} more, in --out"
        yield ""
