"""Runs that are scored on other data than they were pretrained on: one table, and no number is taken for another."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from selfsup.config.claims import Claim, Side
from selfsup.report.ablations import ablation_table, points
from selfsup.report.build import build
from selfsup.report.claims import verdicts
from selfsup.report.group import Target
from selfsup.report.rows import numbers, result_rows
from selfsup.report.scores import main_columns, main_scores
from selfsup.results import Measure, write_measures
from tests.report.fabricate import protocol
from tests.report.fabricate_images import WIDTHS

KNN = protocol("knn", title="kNN", k=200)


@pytest.fixture(scope="module")
def content(built, tmp_path_factory):
    """The group on scenes, scored on cifar10-10k too: kNN, half as good there."""
    folder = tmp_path_factory.mktemp("transfer")
    group = built.content.groups[0]
    other = Target("cifar10-10k", "cifar10", {"size_px": 32}, Path("data/prepared/cifar10-9f8e7d6c"), [KNN])
    members = []
    for member in group.members:
        path = folder / f"{member.variant}-{member.seed}" / "measures.json"
        path.parent.mkdir()
        write_measures(path, [Measure("top1", "%", 30.0 + (member.variant == "simclr") + member.seed, 2000)])
        places = {**member.measures, ("cifar10-10k", "knn"): path}
        features = {**member.features, "cifar10-10k": Path("data/features/elsewhere")}
        members.append(replace(member, measures=places, features=features))
    group = replace(group, members=members, targets=[*group.targets, other])
    return replace(built.content, groups=[group], ablations=[], experiments=[])


def test_a_column_of_other_data_names_them(content):
    group = content.groups[0]
    found = {scoring.key: scoring.title for scoring, _ in main_columns(group, result_rows(content, group))}
    assert found["knn"] == "kNN"
    assert found["cifar10-10k:knn"] == "kNN on cifar10-10k"
    assert "cifar10-10k:knn" in content.keys["scenes"]


def test_numbers_on_other_data_are_other_numbers(content):
    group = content.groups[0]
    rows = result_rows(content, group)
    found = main_scores(group, rows)
    assert found["simclr", "cifar10-10k:knn"].interval.mean == pytest.approx(32)
    assert found["simclr", "knn"].interval.mean > 40
    assert numbers(rows, "simclr", "knn", "top1")["dataset"].unique().tolist() == ["scenes"]
    assert numbers(rows, "simclr", "knn", "top1", dataset="cifar10-10k")["value"].mean() == pytest.approx(32)


def test_a_claim_of_a_data_set_is_judged_there_and_others_on_what_was_pretrained_on(content):
    sides = [Side(run, "knn", "top1") for run in ("simclr", "random")]
    claim = Claim("above", "s", "p", "1", *sides, None, (), None, "before")
    claims = {"above": claim, "there": replace(claim, name="there", data=("cifar10",))}
    group = content.groups[0]
    found = verdicts(replace(content, claims=claims), {"scenes": result_rows(content, group)})
    assert found["above", "scenes"].difference.mean > 10
    assert found["there", "scenes"].difference.mean == pytest.approx(1)


def test_an_ablation_may_be_scored_on_other_data(content):
    group = content.groups[0]
    lines = {"kNN": {"simclr": 32, "random": 128}}
    there = replace(WIDTHS, data="cifar10-10k", evaluation="knn", lines=lines, published={})
    found = points(there, {"scenes": result_rows(content, group)})
    assert [point.interval.mean for point in found] == pytest.approx([32, 31])
    assert "on cifar10-10k." in ablation_table(there, found, {}, {"scenes": group}).notes[0]


def test_results_say_what_was_pretrained_on_and_what_was_scored(content, tmp_path):
    build(content, tmp_path)
    with (tmp_path / "results.csv").open() as file:
        found = {(row["pretrain_set"], row["dataset"]) for row in csv.DictReader(file)}
    assert found == {("scenes", "scenes"), ("scenes", "cifar10-10k")}
    page = (tmp_path / "index.html").read_text()
    assert 'data-record="scenes/simclr/cifar10-10k:knn"' in page
    assert "data/prepared/cifar10-9f8e7d6c" in page
    assert "scored on, scenes" in page
