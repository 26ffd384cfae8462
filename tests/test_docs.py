"""Every method has its page: what it sees, its loss, its deviations; and what a page shows is there."""

import re

import pytest

from tests.conftest import ROOT

METHODS = sorted(f.stem for f in (ROOT / "src/selfsup/methods").glob("[a-z]*.py") if f.stem != "base")
EXPERIMENTS = sorted(f.stem for f in (ROOT / "src/selfsup/experiments").glob("[a-z]*.py"))
PAGES = ROOT / "docs" / "methods"


@pytest.mark.parametrize("name", METHODS + EXPERIMENTS)
def test_every_method_has_its_page(name):
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert "$$" in text
    assert "## Deviations" in text
    assert name not in METHODS or f"({name}.png)" in text


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
