"""A method whose paper's claims are judged here has its page; and what a page shows is there."""

import re

import pytest
import yaml

from tests.conftest import ROOT

PAGES = ROOT / "docs" / "methods"
PARAMS = ROOT / "params"
SOURCE = ROOT / "src" / "selfsup"
EXPERIMENTS = {file.stem for file in (SOURCE / "experiments").glob("[a-z]*.py")}
METHODS = {file.stem for file in (SOURCE / "methods").glob("[a-z]*.py")} - {"base"}


def explained() -> set[str]:
    """Return the methods of the recipes whose paper has a file in params/claims."""
    papers = {yaml.safe_load(file.read_text())["arxiv"] for file in (PARAMS / "claims").glob("*.yaml")}
    recipes = [yaml.safe_load(file.read_text()) for file in (PARAMS / "methods").glob("*.yaml")]
    return {recipe["method"] for recipe in recipes if recipe["paper"].get("arxiv") in papers}


def test_a_method_of_which_something_is_claimed_has_a_page():
    assert len(explained()) > 10
    assert explained() <= {page.stem for page in PAGES.glob("*.md")}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_has_its_method_its_loss_its_deviations_and_its_picture(page):
    text = page.read_text(encoding="utf-8")
    assert page.stem in METHODS | EXPERIMENTS
    assert "$$" in text
    assert "## Deviations" in text
    assert page.stem in EXPERIMENTS or f"({page.stem}.png)" in text
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_begins_with_links_to_its_code_its_recipes_and_its_papers_tables(page):
    links = re.findall(r"\[([^\]]+)\]\(([^)#]+)\)", page.read_text().split("\n\n")[1])
    assert len({text for text, _ in links}) == len(links), "each link has a text of its own"
    linked = {(page.parent / target).resolve() for _, target in links}
    recipes = {file: yaml.safe_load(file.read_text()) for file in (PARAMS / "methods").glob("*.yaml")}
    own = {file: recipe for file, recipe in recipes.items() if recipe["method"] == page.stem}
    papers = {recipe["paper"].get("arxiv") for recipe in own.values()} - {None}
    tables = {file: yaml.safe_load(file.read_text()) for file in (PARAMS / "reported").glob("*.yaml")}
    assert own.keys() <= linked
    assert {file for file, table in tables.items() if table.get("paper", {}).get("arxiv") in papers} <= linked
    assert any(file.is_relative_to(SOURCE) and page.stem in (*file.parts, file.stem) for file in linked)
