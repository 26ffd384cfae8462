"""Builds a report: its tables and figures, and from them one HTML page and a PDF."""

import itertools
import json
from collections import ChainMap
from dataclasses import replace
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, PackageLoader, StrictUndefined

from selfsup.extensions import ROOT
from selfsup.report.claims import verdicts
from selfsup.report.claims_table import claims_table
from selfsup.report.content import Content
from selfsup.report.details import every_score, metrics, records
from selfsup.report.overview import overview
from selfsup.report.papers import deviations_table, references
from selfsup.report.plots import write_plots
from selfsup.report.provenance import provenance, recipes
from selfsup.report.published import published_tables
from selfsup.report.rows import experiment_rows, result_rows, write_results
from selfsup.report.scores import main_scores
from selfsup.report.sections import Section, Topic, section, topics
from selfsup.report.summary import fill, sentences
from selfsup.report.tables import Table, as_csv, as_latex, split

NOT_PRINTED = ("seeds",)  # of main tables, for which a page has no room: the note says how many
MAIN_COLUMNS = 10  # of a main table, in small print, that fit beside each other on a page
PRINTED = ("claim", "kind", "published", "group", "difference", "q", "verdict")  # of claims, what fits on a page


def build(content: Content, target: Path) -> None:
    """Write the whole report into the empty folder ``target``; equal content gives equal bytes."""
    rows = {group.name: result_rows(content, group) for group in content.groups}
    scores = {group.name: main_scores(group, rows[group.name]) for group in content.groups}
    all_scores = {group.name: every_score(group, rows[group.name], scores[group.name]) for group in content.groups}
    by_claim = verdicts(content, rows)
    experiments = {experiment.name: experiment_rows(content, experiment) for experiment in content.experiments}
    sections = [section(content, group, rows[group.name], scores[group.name]) for group in content.groups]
    parts: dict[str, Any] = {
        "title": content.title,
        "summary": [text for text in (fill(content, scores), *sentences(content, by_claim)) if text],
        "overview": overview(
            content.groups, scores, rows, {s.group.name: s.examples.chance for s in sections if s.examples}
        ),
        "sections": sections,
        "topics": [*topics(content, rows, experiments), *_papers(published_tables(content, rows, all_scores))],
        "shared": [claims_table(content, by_claim), deviations_table(content.modules)],
        "provenance": provenance(content),
        "references": references(content),
    }
    write_results(target / "results.csv", [*rows.values(), *experiments.values()])
    means = json.dumps(metrics(content, all_scores, by_claim), indent=1, sort_keys=True)
    (target / "metrics.json").write_text(means + "\n", encoding="utf-8")
    _write_tables(target / "tables", sections, parts["topics"], [parts["overview"], *parts["shared"]])
    _write_figures(target / "figures", sections, parts["topics"])
    write_plots(target / "plots", content.groups, scores)
    by_group = [records(group, rows[group.name], all_scores[group.name]) for group in content.groups]
    html = page({**parts, "records": dict(ChainMap(*by_group)), "recipes": recipes(content)})
    (target / "index.html").write_text(html, encoding="utf-8")
    (target / "report.pdf").write_bytes(paper(parts, target))


def _papers(tables: list[Table]) -> list[Topic]:
    return [Topic("papers", "Papers' tables", [(None, table) for table in tables])] if tables else []


def _write_tables(folder: Path, sections: list[Section], topics: list[Topic], shared: list[Table]) -> None:
    folder.mkdir()
    of_sections = [table for part in sections for table in (*part.tables, part.reported) if table.rows]
    of_topics = [table for topic in topics for _, table in topic.pairs]
    for table in (*of_sections, *of_topics, *shared):
        (folder / f"{table.name}.csv").write_text(as_csv(table), encoding="utf-8")
        (folder / f"{table.name}.tex").write_text(as_latex(table), encoding="utf-8")


def _write_figures(folder: Path, sections: list[Section], topics: list[Topic]) -> None:
    folder.mkdir()
    of_sections = [plot for part in sections for plot in part.plots]
    of_topics = [plot for topic in topics for plot, _ in topic.pairs if plot]
    for plot in (*of_sections, *of_topics):
        (folder / f"{plot.name}.svg").write_text(plot.svg, encoding="utf-8")
    for part in sections:
        of_data = [part.examples.strip] if part.examples and part.examples.strip else []
        for strip in itertools.chain(of_data, part.comparisons, *part.strips):
            (folder / f"{strip.name}.png").write_bytes(strip.png)


def page(parts: dict[str, Any]) -> str:
    """Return index.html by ``templates/index.html``; it needs no network and contains its numbers' records."""
    return environment().get_template("index.html").render(parts)


def environment() -> Environment:
    """Return the HTML templates; values are escaped, and one that is missing is an error."""
    return Environment(
        loader=PackageLoader("selfsup.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def paper(parts: dict[str, Any], folder: Path) -> bytes:
    """Return report.pdf by ``templates/report.typ``, with the figures in ``folder``; equal parts give equal bytes.

    Everything is passed as one JSON value, so that no text is read as markup. Fonts are those inside typst.
    """
    template = (ROOT / "report" / "templates" / "report.typ").read_bytes()
    values = {
        **parts,
        "sections": [_values(section) for section in parts["sections"]],
        "topics": [_split(topic) for topic in parts["topics"]],
        "shared": [_printed(table) if table.name == "claims" else table for table in parts["shared"]],
    }
    inputs = {"report": json.dumps(values, sort_keys=True, ensure_ascii=False, default=_fields)}
    document = typst.Compiler(template, root=folder, ignore_system_fonts=True, sys_inputs=inputs).compile(timestamp=0)
    assert isinstance(document, bytes)
    return document


def _split(topic: Topic) -> Topic:
    pairs = [(plot if n == 0 else None, part) for plot, t in topic.pairs for n, part in enumerate(split(t))]
    return replace(topic, pairs=pairs)


def _printed(claims: Table) -> Table:
    return claims.select([n for n, column in enumerate(claims.columns) if column.key in PRINTED])


def _values(section: Section) -> dict[str, Any]:
    main, *others = section.tables
    printed = main.select([n for n, column in enumerate(main.columns) if column.key not in NOT_PRINTED])
    return {
        "name": section.group.name,
        "main": split(printed, MAIN_COLUMNS),
        "examples": section.examples,
        "reported": section.reported,
        "tables": [part for table in others for part in split(table)],
        "plots": section.plots,
        "comparisons": section.comparisons,
        "strips": section.strips,
    }


def _fields(part: Any) -> dict[str, Any]:
    """Return a dataclass as a dictionary, without the pictures, which typst reads from files."""
    return {name: value for name, value in vars(part).items() if name not in ("svg", "png")}
