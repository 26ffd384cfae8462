"""What decides a report's bytes: order is part of it, and code that made none of its results is not."""

import json
import shutil
from dataclasses import replace

import pytest

from selfsup import extensions
from selfsup.pipeline import publish
from selfsup.store.graph import graph
from tests.conftest import ROOT, forget
from tests.report.fabricate import PARAMS

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(PARAMS.parent)


def bytes_of(suite: str) -> str:
    return json.dumps(publish.determinants(graph(suite)), sort_keys=True)


def test_what_a_claim_and_a_published_table_say_is_part_of_a_report(project):
    before = bytes_of("quick")
    for path, old, new in (
        ("claims/clip.yaml", "never seen.", "never met."),
        ("reported/clip_t11_zeroshot.yaml", "location: Table 11", "location: Table 12"),
    ):
        file = project / "params" / path
        text = file.read_text()
        file.write_text(text.replace(old, new))
        assert fresh("quick") != before
        file.write_text("# a comment\n" + text)
        assert fresh("quick") == before


def test_claims_and_tables_of_other_suites_are_not(project):
    before = bytes_of("smoke")
    file = project / "params" / "claims" / "simclr.yaml"
    file.write_text(file.read_text().replace("Wider encoders learn", "Wide encoders learn"))
    assert fresh("smoke") == before
    assert fresh("ablations") != before


def fresh(suite: str) -> str:
    forget()
    return bytes_of(suite)


def test_the_order_of_an_ablations_lines_is_too():
    quick = graph("quick")

    def with_lines(*lines):
        entry = {"name": "a", "lines": {line: {"simclr": 1.0} for line in lines}}
        suite = replace(quick.suite, ablations=[entry])
        return json.dumps(publish.determinants(replace(quick, suite=suite)), sort_keys=True)

    assert with_lines("x", "y") != with_lines("y", "x")


def test_results_are_named_by_their_place():
    found = publish.determinants(graph("quick"))
    assert {"random_below_simclr"} < set(dict(found["claims"]))
    assert [name for name, _ in found["results"]][:2] == ["scenes/random/0", "scenes/random/1"]


def test_modules_are_those_that_made_the_artefacts():
    modules = publish.content(graph("quick")).modules
    assert {"selfsup.methods.moco", "selfsup.evaluations.linear_probe", "selfsup.datasets.scenes"} <= set(modules)
    assert not {"selfsup.datasets.cifar10", "selfsup.report.build", "selfsup.cli"} & set(modules)


def test_protocols_name_their_evaluation():
    found = publish.content(graph("quick"))
    assert (found.protocols["knn"].evaluation, found.protocols["knn"].title) == ("knn", "kNN")
    assert found.groups[0].scorings[0].protocol.evaluation == "linear_probe"
    assert found.groups[0].roles == {
        "random": "floor",
        **dict.fromkeys(("pixels", "hog"), "classical"),
        "supervised": "labels",
    }
    assert found.groups[1].title("context-encoder-joint-center") == "Context encoder (joint), central hole"


def test_an_untrained_run_is_a_floor_of_any_method():
    patches = next(group for group in publish.content(graph("quick")).groups if group.name == "scenes-64px")
    assert {run for run, role in patches.roles.items() if role == "floor"} >= {"random", "cpc_image-untrained"}
    assert "cpc_image" not in patches.roles
    assert patches.title("cpc_image-untrained") == "CPC (images), untrained"


def test_code_that_only_a_declaration_or_a_template_names_is_part_of_a_report(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "src", tmp_path / "src")
    before = fresh("smoke")
    monkeypatch.setattr(extensions, "ROOT", tmp_path / "src" / "selfsup")
    for path, old, new in (
        ("figures/points.py", "0.6 + 0.27 * len", "0.7 + 0.27 * len"),  # a kind of figure that SHOWN declares
        ("pictures.py", '"loop": 0', '"compress_level": 8'),  # a kind of pictures that SHOWN declares
        ("figures/style.py", 'role="img"', 'role="figure"'),  # a property that a template reads
    ):
        file = tmp_path / "src" / "selfsup" / "report" / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        assert fresh("smoke") != before
        file.write_text(text)
    assert fresh("smoke") == before
    monkeypatch.undo()
    forget()
