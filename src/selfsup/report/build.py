"""From a suite's results to its report: the only order in which the pieces are put together."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from selfsup.report.claims import claims_table, verdicts
from selfsup.report.content import Content
from selfsup.report.details import every_score, records
from selfsup.report.deviations import deviations_table
from selfsup.report.headline import Scores, scores
from selfsup.report.html import page
from selfsup.report.metrics import metrics
from selfsup.report.pdf import paper
from selfsup.report.provenance import provenance, recipes
from selfsup.report.published import published_table, references
from selfsup.report.rows import experiment_rows, result_rows, write_results
from selfsup.report.sections import (
    Section,
    Topic,
    drawings_of,
    section,
    strip_values,
    strips_of,
    topics,
)
from selfsup.report.summary import fill, sentences
from selfsup.report.tables import Table, as_csv, as_latex, as_values, narrow


def build(content: Content, target: Path) -> None:
    """Write the whole report into the empty folder ``target``; equal content gives equal bytes."""
    rows = {group.name: result_rows(content, group) for group in content.groups}
    found = {group.name: scores(group, rows[group.name]) for group in content.groups}
    every = {group.name: every_score(group, rows[group.name], found[group.name]) for group in content.groups}
    judged = verdicts(content, rows)
    experiments = {one.name: experiment_rows(content, one) for one in content.experiments}
    sections = [section(content, group, rows[group.name], found[group.name]) for group in content.groups]
    others = topics(content, rows, experiments)
    shared = [claims_table(content, judged), published_table(content), deviations_table(content.modules)]
    text = [fill(content, found), *sentences(content, found, rows, judged)]

    write_results(target / "results.csv", [*rows.values(), *experiments.values()])
    _write_json(target / "metrics.json", metrics(content, every, judged))
    tables = [table for part in sections for table in part.tables]
    _write_tables(target / "tables", [*tables, *(pair.table for topic in others for pair in topic.pairs), *shared])
    _write_figures(target / "figures", sections, others)
    front = {
        "title": content.title,
        "summary": text,
        "provenance": provenance(content),
        "references": references(content),
    }
    numbers = _numbers(content, rows, every)
    shown = {**front, "sections": sections, "topics": others, "shared": shared}
    html = page({**shown, "records": numbers, "recipes": recipes(content)})
    (target / "index.html").write_text(html, encoding="utf-8")
    typeset = {
        **front,
        "sections": [_for_typst(part) for part in sections],
        "topics": [_topic_for_typst(topic) for topic in others],
        "shared": [as_values(t) for t in shared],
    }
    (target / "report.pdf").write_bytes(paper(typeset, target))


def _numbers(content: Content, rows: Mapping[str, pd.DataFrame], found: Mapping[str, Scores]) -> dict[str, Any]:
    return {
        name: record
        for group in content.groups
        for name, record in records(group, rows[group.name], found[group.name]).items()
    }


def _for_typst(part: Section) -> dict[str, Any]:
    main = part.tables[0]
    own = [column.key for column in main.columns if column.key not in ("published", "peer")]
    return {
        "name": part.group.name,
        "main": as_values(main.select(own)),
        "beside": as_values(_beside(main)),
        "tables": [as_values(piece) for table in part.tables[1:] for piece in narrow(table)],
        "drawings": [{"name": drawing.name, "caption": drawing.caption} for drawing in part.drawings],
        "comparisons": [strip_values(strip) for strip in part.comparisons],
        "strips": [
            [strip_values(strip, part.group.title(owner)) for strip in strips] for owner, strips in part.strips.items()
        ],
    }


def _topic_for_typst(topic: Topic) -> dict[str, Any]:
    pairs = [
        {
            "drawing": {"name": pair.drawing.name, "caption": pair.drawing.caption} if pair.drawing else None,
            "table": as_values(pair.table),
        }
        for pair in topic.pairs
    ]
    return {"title": topic.title, "pairs": pairs}


def _beside(main: Table) -> Table:
    """Return the main table's published and peer columns as a table of their own: a page has no room for all at once."""
    first = next((column.key for column in main.columns[1:] if column.numeric), "")
    table = main.select(["method", first, "published", "peer"])
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


def _write_figures(folder: Path, sections: list[Section], others: list[Topic]) -> None:
    folder.mkdir()
    for drawing in drawings_of(sections, others):
        (folder / f"{drawing.name}.svg").write_text(drawing.svg, encoding="utf-8")
    for strip in strips_of(sections):
        (folder / f"{strip.name}.png").write_bytes(strip.png)
