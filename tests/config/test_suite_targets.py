"""Weights pretrained on one data set are scored on others, in one suite."""

import pytest

from selfsup.config.suite import load
from selfsup.errors import InputError
from selfsup.store.graph import graph
from tests.config.changes import edit


def targets(*entries):
    def change(content):
        content["groups"][0]["targets"] = [{"data": data, "evaluations": evaluations} for data, evaluations in entries]

    return change


def test_each_target_has_features_and_measures_of_its_own(project):
    edit(project, "suites/smoke.yaml", targets(("scenes-tiny", ["knn"]), ("scenes-tiny-64px", ["knn", "linear_probe"])))
    chain = graph("smoke").groups[0][1][0]
    assert list(chain.measures) == [
        ("scenes-tiny", "knn"),
        ("scenes-tiny-64px", "knn"),
        ("scenes-tiny-64px", "linear_probe"),
    ]
    own, other = chain.measures["scenes-tiny", "knn"], chain.measures["scenes-tiny-64px", "knn"]
    assert own.parents["features"].parents["weights"] is other.parents["features"].parents["weights"]
    assert own.parents["features"].parents["target"] is chain.prepared
    assert other.parents["features"].parents["target"].params["arguments"]["size_px"] == 64
    assert chain.prepared in chain.artefacts()
    assert other.parents["features"].parents["target"] in chain.artefacts()
    assert len({measures.folder for measures in chain.measures.values()}) == 3


def test_features_of_a_target_are_taken_for_the_runs_that_are_scored_on_it(project):
    scored = targets(("scenes-tiny", ["knn"]), ("scenes-tiny-64px", [{"protocol": "knn", "runs": ["rotation"]}]))
    edit(project, "suites/smoke.yaml", scored)
    with_two = [chain.run.name for chain in graph("smoke").groups[0][1] if len(chain.features) == 2]
    assert with_two == ["rotation"]
    assert load("smoke").groups[0].evaluations == ["knn"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (targets(("scenes-tiny", ["knn"]), ("scenes-tiny", ["knn"])), "names target scenes-tiny twice"),
        (targets(("scenes-tiny", ["knn"]), ("voice-tiny", ["knn"])), "encoder of images, the data are sound"),
        (targets(("scenes-tiny-64px", ["pretext"])), "held-out images of scenes-tiny; move it to that target"),
        (targets(), "targets is"),
    ],
)
def test_a_target_that_cannot_be_scored_is_one_sentence(project, change, sentence):
    edit(project, "suites/smoke.yaml", change)
    with pytest.raises(InputError, match=sentence):
        load("smoke")


def test_a_suite_can_change_the_features_of_its_runs_and_nothing_else(project):
    before = graph("smoke").groups[0][1][0]
    edit(project, "suites/smoke.yaml", lambda content: content.update(features={"grid_values": 9216}))
    after = graph("smoke").groups[0][1][0]
    assert after.features["scenes-tiny"].params["grid_values"] == 9216
    assert after.features["scenes-tiny"].folder != before.features["scenes-tiny"].folder
    assert after.weights.folder == before.weights.folder


def test_an_unknown_key_of_the_features_is_named_with_the_suite(project):
    edit(project, "suites/smoke.yaml", lambda content: content.update(features={"grid_value": 9216}))
    with pytest.raises(InputError, match=r"suites/smoke.yaml, features: .*grid_value.*did you mean grid_values"):
        load("smoke")
