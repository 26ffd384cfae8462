"""From a suite's results to its report: the only order in which the pieces are put together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from selfsup.report.accuracy import accuracy_table
from selfsup.report.claims import claims_table, verdicts
from selfsup.report.content import Content, Group
from selfsup.report.details import records
from selfsup.report.deviations import deviations_table
from selfsup.report.figures.linear_probe import linear_probe
from selfsup.report.figures.lines import few_labels, layers
from selfsup.report.figures.pretext import pretext
from selfsup.report.figures.style import Drawing
from selfsup.report.figures.training import training
from selfsup.report.gallery import Strip, gallery
from selfsup.report.grids import layers_table, pretext_table
from selfsup.report.headline import Scores, scores
from selfsup.report.html import page
from selfsup.report.metrics import metrics
from selfsup.report.pdf import paper
from selfsup.report.provenance import provenance, recipes
from selfsup.report.published import published_table, references
from selfsup.report.rows import result_rows, write_results
from selfsup.report.schemas import check_report_files
from selfsup.report.summary import fill, sentences
from selfsup.report.tables import Table, as_csv, as_latex, as_values


@dataclass(frozen=True)
class Section:
    """All that is shown of one group."""

    group: Group
    tables: list[Table]
    drawings: list[Drawing]
    strips: dict[str, list[Strip]]


def build(content: Content, target: Path) -> None:
    """Write the whole report into the empty folder ``target``; equal content gives equal bytes."""
    check_report_files(content.claims, content.reported, {v for group in content.groups for v in group.variants})
    rows = {group.name: result_rows(content, group) for group in content.groups}
    found = {group.name: scores(group, rows[group.name]) for group in content.groups}
    judged = verdicts(content, rows)
    sections = [_section(content, group, rows[group.name], found[group.name]) for group in content.groups]
    shared = [claims_table(content, judged), published_table(content), deviations_table(content.modules)]
    text = [fill(content, found), *sentences(content, found, judged)]

    write_results(target / "results.csv", list(rows.values()))
    _write_json(target / "metrics.json", metrics(content, found, judged))
    _write_tables(target / "tables", [table for section in sections for table in section.tables] + shared)
    _write_figures(target / "figures", sections)
    front = {
        "title": content.title,
        "summary": text,
        "provenance": provenance(content),
        "references": references(content),
    }
    numbers = _numbers(content, rows, found)
    html = page({**front, "sections": sections, "shared": shared, "records": numbers, "recipes": recipes(content)})
    (target / "index.html").write_text(html, encoding="utf-8")
    typeset = {**front, "sections": [_for_typst(s) for s in sections], "shared": [as_values(t) for t in shared]}
    (target / "report.pdf").write_bytes(paper(typeset, target))


def _section(content: Content, group: Group, rows: pd.DataFrame, found: Scores) -> Section:
    tables = [accuracy_table(content, group, found), layers_table(group, rows), pretext_table(group, rows)]
    drawings = [
        linear_probe(group, found),
        layers(group, rows),
        few_labels(group, rows),
        pretext(group, rows),
        training(group),
    ]
    kept = [drawing for drawing in drawings if drawing is not None]
    return Section(group, [table for table in tables if table.rows], kept, gallery(group))


def _numbers(content: Content, rows: Mapping[str, pd.DataFrame], found: Mapping[str, Scores]) -> dict[str, Any]:
    return {
        name: record
        for group in content.groups
        for name, record in records(content, group, rows[group.name], found[group.name]).items()
    }


def _for_typst(section: Section) -> dict[str, Any]:
    main = section.tables[0]
    own = [column.key for column in main.columns if column.key not in ("published", "peer")]
    strips = [
        [{"name": s.name, "variant": variant, "title": s.title, "captions": s.captions} for s in found]
        for variant, found in section.strips.items()
    ]
    return {
        "name": section.group.name,
        "main": as_values(main.select(own)),
        "beside": as_values(_beside(section.group, main)),
        "tables": [as_values(table) for table in section.tables[1:]],
        "drawings": [{"name": drawing.name, "caption": drawing.caption} for drawing in section.drawings],
        "strips": strips,
    }


def _beside(group: Group, main: Table) -> Table:
    """Return the main table's published and peer columns as a table of their own: a page has no room for all at once."""
    table = main.select(["method", group.first_protocol("linear_probe"), "published", "peer"])
    reported = [n for n, column in enumerate(table.columns) if column.key in ("published", "peer")]
    rows = [row for row in table.rows if any(row[n].value is not None for n in reported)]
    return replace(table, title="Beside published and peers' numbers", rows=rows, notes=[])


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _write_tables(folder: Path, tables: list[Table]) -> None:
    folder.mkdir()
    for table in tables:
        (folder / f"{table.name}.csv").write_text(as_csv(table), encoding="utf-8")
        (folder / f"{table.name}.tex").write_text(as_latex(table), encoding="utf-8")


def _write_figures(folder: Path, sections: list[Section]) -> None:
    folder.mkdir()
    for section in sections:
        for drawing in section.drawings:
            (folder / f"{drawing.name}.svg").write_text(drawing.svg, encoding="utf-8")
        for strip in [strip for strips in section.strips.values() for strip in strips]:
            (folder / f"{strip.name}.png").write_bytes(strip.png)
