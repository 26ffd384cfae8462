"""What decides a report's bytes: order is part of it, and code that made none of its results is not."""

import json
from dataclasses import replace

import pytest

from selfsup.pipeline import publish
from tests.report.fabricate import PARAMS


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(PARAMS.parent)


def bytes_of(suite: str) -> str:
    return json.dumps(publish.determinants(suite), sort_keys=True)


@pytest.mark.parametrize("key", ["claims", "reported"])
def test_order_is_part_of_a_report(monkeypatch, key):
    asked = publish.suites.load("quick")
    before = bytes_of("quick")
    turned = replace(asked, **{key: getattr(asked, key)[::-1]})
    monkeypatch.setattr(publish.suites, "load", lambda suite: turned)
    assert bytes_of("quick") != before


def test_so_is_the_order_of_an_ablations_lines(monkeypatch):
    asked = publish.suites.load("quick")

    def with_lines(*lines):
        entry = {"name": "a", "lines": {line: {"simclr": 1.0} for line in lines}}
        monkeypatch.setattr(publish.suites, "load", lambda suite: replace(asked, ablations=[entry]))
        return bytes_of("quick")

    assert with_lines("x", "y") != with_lines("y", "x")


def test_files_are_named_by_their_place():
    found = publish.determinants("quick")
    assert "params/claims/random_below_simclr.yaml" in dict(found["texts"])
    assert [name for name, _ in found["results"]][:2] == ["scenes/random/0", "scenes/random/1"]


def test_modules_are_those_that_made_the_artefacts():
    modules = publish.content("quick").modules
    assert {"selfsup.methods.moco", "selfsup.evaluations.linear_probe", "selfsup.datasets.scenes"} <= set(modules)
    assert not {"selfsup.datasets.cifar10", "selfsup.report.build", "selfsup.cli"} & set(modules)


def test_protocols_name_their_evaluation():
    found = publish.content("quick")
    assert found.protocols["knn"]["evaluation"] == "knn"
    assert found.groups[0].first_protocol("linear_probe") == "linear_probe"
