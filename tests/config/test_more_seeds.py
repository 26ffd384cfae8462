"""A run can have more seeds than its group, where its claim is within reach of them."""

import pytest

from selfsup.config.suite import load
from selfsup.errors import InputError
from selfsup.store.graph import graph
from tests.config.changes import edit


def runs(*entries):
    scored = [{"data": "scenes-tiny", "evaluations": ["knn"]}]

    def change(content):
        content["groups"][0].update(runs=list(entries), seeds=[0, 1], targets=scored)
        content["ablations"] = []

    return change


def test_a_run_is_pretrained_and_scored_with_the_seeds_of_its_group_and_its_own(project):
    edit(project, "suites/smoke.yaml", runs("random", {"method": "simclr", "more_seeds": [5, 3]}))
    chains = graph("smoke").groups[0][1]
    assert [(c.run.name, c.seed) for c in chains] == [
        ("random", 0),
        ("random", 1),
        ("simclr", 0),
        ("simclr", 1),
        ("simclr", 5),
        ("simclr", 3),
    ]
    assert len({measures.folder for c in chains for measures in c.measures.values()}) == sum(
        len(c.measures) for c in chains
    )


def test_they_change_no_artefact_of_the_other_seeds(project):
    edit(project, "suites/smoke.yaml", runs("random", "simclr"))
    before = {artefact.folder for chain in graph("smoke").groups[0][1] for artefact in chain.artefacts()}
    edit(project, "suites/smoke.yaml", runs("random", {"method": "simclr", "more_seeds": [2]}))
    assert before < {artefact.folder for chain in graph("smoke").groups[0][1] for artefact in chain.artefacts()}


def test_a_seed_that_the_group_has_is_refused(project):
    edit(project, "suites/smoke.yaml", runs("random", {"method": "simclr", "more_seeds": [1]}))
    with pytest.raises(InputError, match="names a run or a seed twice"):
        load("smoke")


def test_a_variant_with_changed_keys_needs_a_name(project):
    edit(project, "suites/smoke.yaml", runs("random", {"method": "simclr", "set": {"epochs": 1}}))
    with pytest.raises(InputError, match=r"runs\.1\.\S*name"):
        load("smoke")


def test_a_target_can_be_scored_with_some_of_the_seeds(project):
    def change(content):
        runs("random", {"method": "simclr", "more_seeds": [2]})(content)
        other = {"data": "scenes-tiny-64px", "evaluations": ["knn"], "seeds": [0, 1]}
        content["groups"][0]["targets"].append(other)

    edit(project, "suites/smoke.yaml", change)
    scored = {(c.run.name, c.seed): sorted(data for data, _ in c.measures) for c in graph("smoke").groups[0][1]}
    assert scored["simclr", 2] == ["scenes-tiny"]
    assert scored["simclr", 1] == scored["random", 0] == ["scenes-tiny", "scenes-tiny-64px"]


def test_a_target_has_no_seed_that_its_group_has_not(project):
    def change(content):
        runs("random")(content)
        content["groups"][0]["targets"][0]["seeds"] = [0, 7]

    edit(project, "suites/smoke.yaml", change)
    with pytest.raises(InputError, match=r"target scenes-tiny: key seeds has 7"):
        load("smoke")
