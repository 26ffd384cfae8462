"""The PDF holds the same numbers as the tables."""

import csv
import re

import pytest
from pypdf import PdfReader

from selfsup.report.pdf import paper


@pytest.fixture(scope="module")
def text(built):
    pages = PdfReader(built.folder / "report.pdf").pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_every_number_of_the_main_tables_is_in_the_paper(built, text):
    for name in ("accuracy-scenes", "accuracy-cifar10-10k", "pretext-scenes", "layers-scenes"):
        with (built.folder / "tables" / f"{name}.csv").open() as file:
            numbers = [cell for row in list(csv.reader(file))[1:] for cell in row if re.match(r"[\d.]+( ±|$)", cell)]
        assert numbers
        assert [number for number in numbers if number not in text] == []


def test_it_has_all_its_parts(text):
    for part in ("Claims", "Deviations from the papers", "Provenance", "References", "arXiv:1803.07728", "reproduced"):
        assert part in text


def test_it_says_nothing_of_when(built):
    information = PdfReader(built.folder / "report.pdf").metadata
    assert information.title == built.content.title
    assert "/CreationDate" not in information


def test_text_is_never_read_as_markup(built):
    nasty = '#panic("no") $x *bold* <label> @cite \\ "'
    front = {"title": nasty, "summary": [nasty], "provenance": [[nasty, nasty]], "references": [[nasty, ""]]}
    document = paper({**front, "sections": [], "topics": [], "shared": []}, built.folder)
    assert document.startswith(b"%PDF")
