"""The PDF holds the same numbers as the tables."""

import csv
import io
import re

import pytest
from pypdf import PdfReader

from selfsup.report.build import paper
from selfsup.report.tables import Cell, Column, Table

pytestmark = pytest.mark.slow

BOTTOM_PT = 60  # just below the text, above the page's number
EMPTY = {"overview": Table("overview", "", [], []), "sections": [], "topics": []}


@pytest.fixture(scope="module")
def text(built):
    pages = PdfReader(built.folder / "report.pdf").pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_every_number_of_the_main_tables_is_in_the_paper(built, text):
    for name in (
        "accuracy-scenes",
        "accuracy-cifar10-10k",
        "pretext-scenes",
        "linear_probe-scenes",
        "inpainting-scenes",
    ):
        with (built.folder / "tables" / f"{name}.csv").open() as file:
            numbers = [cell for row in list(csv.reader(file))[1:] for cell in row if re.match(r"[\d.]+( ±|$)", cell)]
        assert numbers
        assert [number for number in numbers if number not in text] == []


def test_it_has_all_its_parts(text):
    for part in ("Claims", "Deviations from the papers", "Provenance", "References", "arXiv:1803.07728", "reproduced"):
        assert part in text


def test_it_has_no_date(built):
    information = PdfReader(built.folder / "report.pdf").metadata
    assert information.title == built.content.title
    assert "/CreationDate" not in information


def test_text_is_never_read_as_markup(built):
    nasty = '#panic("no") $x *bold* <label> @cite \\ "'
    front = {"title": nasty, "summary": [nasty], "provenance": [[nasty, nasty]], "references": [[nasty, ""]]}
    document = paper({**front, **EMPTY, "shared": []}, built.folder)
    assert document.startswith(b"%PDF")


def heights(document: bytes) -> dict[str, float]:
    """Return how high above its page's lower edge each piece of text stands, in points."""
    found = {}
    for page in PdfReader(io.BytesIO(document)).pages:
        page.extract_text(
            visitor_text=lambda text, to, at, *rest: found.__setitem__(text.strip(), to[5] + to[3] * at[5])
        )
    return found


def test_a_table_of_long_rows_continues_on_the_next_page(built):
    rows = [[Cell(f"where-{n}"), Cell("paper"), Cell("what differs, and why, in many words " * 12)] for n in range(30)]
    columns = [Column(key, key) for key in ("where", "paper", "differs")]
    shared = Table("deviations", "Deviations", columns, rows)
    front = {"title": "t", "summary": [], "provenance": [], "references": []}
    document = paper({**front, **EMPTY, "shared": [shared]}, built.folder)
    found = heights(document)
    assert {f"where-{n}" for n in range(30)} <= set(found)
    assert min(found[f"where-{n}"] for n in range(30)) > BOTTOM_PT
