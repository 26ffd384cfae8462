"""Texts that are markup, formulas or commands somewhere are only text: in a browser, in the PDF, in SVG, LaTeX and CSV."""

import csv
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import h5py
import pytest

from selfsup.report.build import build
from selfsup.report.tables import Cell, Column, Table, as_csv
from tests.browser import dump_dom
from tests.report import fabricate_images

pytestmark = [
    pytest.mark.slow,
    pytest.mark.counts(
        "texts that are markup, formulas or commands", "only text, in the page, PDF, SVG, LaTeX and CSV"
    ),
]
HIT = "document.body.dataset.hit=1"
HOSTILE = [
    f'"><img src=x onerror={HIT}><script>{HIT}</script>',
    f"</script><script>{HIT}</script>",
    f"' onmouseover='{HIT}' autofocus onfocus='{HIT}",
    f"<svg/onload={HIT}>",
    f"javascript:{HIT}",
    "]]><!-- &amp; &lt;b&gt;",
    '#panic("typst") #eval("1") @label <label>',
    '$ #import "x.typ": * $ *bold* _under_ `raw` \\',
    r"\input{/etc/passwd} \write18{touch hit} $\frac$ % & # _ ^ ~",
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "{{ 7*7 }} {% for x in y %}",
    "$(touch hit) `touch hit` ; touch hit",
    "\u202eright to left\u202c \u200b",
]
TEXTS = ("title", "sentence", "source", "published", "note", "where", "heading", "axis", "not_applicable")


def spoil(value, texts, inside=""):
    """Return a value whose texts for people, at any depth, each begin with the next hostile one."""
    if isinstance(value, str):
        return f"{next(texts)} {value}" if inside in TEXTS or inside == "titles" else value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: spoil(getattr(value, f.name), texts, f.name) for f in fields(value) if f.name != "shown"}
        return replace(value, **changed)
    if isinstance(value, dict):
        return {key: spoil(inner, texts, inside if inside == "titles" else str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [spoil(inner, texts, inside) for inner in value]
    return value


def endless():
    while True:
        yield from HOSTILE


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    place, folder = tmp_path_factory.mktemp("suite"), tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        content = fabricate_images.with_images(Path("data"))
        texts = endless()
        for file in Path("data").rglob("views.h5"):
            with h5py.File(file, "r+") as views:
                for panel in views.values():
                    panel.attrs["title"] = next(texts)
                    panel.attrs["captions"] = json.dumps([next(texts) for _ in json.loads(panel.attrs["captions"])])
        build(replace(spoil(content, texts), summary=HOSTILE[0]), folder)
        assert not Path("hit").exists()
    return folder


def test_the_page_runs_nothing_and_shows_the_text(hostile, tmp_path, record_property):
    record_property("tried", len(HOSTILE))
    dom = dump_dom(hostile / "index.html", tmp_path / "profile")
    assert "data-hit" not in re.search(r"<body[^>]*>", dom)[0]
    text = re.sub(r"<[^>]*>", "", dom)
    for word in ("onerror=document", "#panic(", r"\input{/etc/passwd}", "{{ 7*7 }}", "=HYPERLINK("):
        assert word in text.replace("&quot;", '"'), word
    for element in ("img src=x", "svg/onload", 'a href="javascript:'):
        assert f"<{element}" not in dom.replace("&lt;", "")


def test_nor_does_it_when_everything_in_it_is_clicked(hostile, tmp_path):
    clicks = "<script>for (const e of document.querySelectorAll('button, [data-record], summary')) e.click();</script></body>"
    page = tmp_path / "index.html"
    page.write_text((hostile / "index.html").read_text().replace("</body>", clicks))
    assert "data-hit" not in re.search(r"<body[^>]*>", dump_dom(page, tmp_path / "profile"))[0]


def test_the_pdf_prints_the_text(hostile):
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext on this machine")
    text = subprocess.run(
        ["pdftotext", str(hostile / "report.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    for word in ("#panic(", "*bold*", "HYPERLINK", "{{ 7*7 }}"):
        assert word in text, word


def test_figures_are_whole_and_have_no_script(hostile):
    figures = list((hostile / "figures").glob("*.svg"))
    assert figures
    for figure in figures:
        for element in ElementTree.parse(figure).iter():
            assert not element.tag.endswith("}script")
            assert not [name for name in element.attrib if name.startswith("on")]


def test_tables_hold_no_command_of_latex_and_no_formula(hostile):
    tables = list((hostile / "tables").glob("*"))
    assert {file.suffix for file in tables} == {".csv", ".tex"}
    for file in tables:
        text = file.read_text()
        if file.suffix == ".tex":
            assert r"\input" not in text
            assert r"\write" not in text
        else:
            assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if is_formula(cell)]
    assert not [cell for row in csv.reader((hostile / "results.csv").open()) for cell in row if is_formula(cell)]


def is_formula(cell):
    return cell[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"[-+]?[\d.,]+(e[-+]?\d+)?( .*)?", cell)


@pytest.mark.parametrize("text", ["=1", "+a", "-a", "@a", "\ta"])
def test_a_cell_that_a_spreadsheet_would_compute_is_quoted(text):
    written = as_csv(Table("a", "a", [Column("a", text)], [[Cell(text)], [Cell("-1.5")], [Cell("+2 ± 1")]]))
    assert list(csv.reader(io.StringIO(written))) == [["'" + text], ["'" + text], ["-1.5"], ["+2 ± 1"]]
