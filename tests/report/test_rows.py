"""results.csv has every measure, and each missing number has a reason."""

import csv
import json
from dataclasses import replace

from selfsup.report.rows import absence, encoder_name, result_rows, write_results
from selfsup.results import COLUMNS
from tests.report.fabricate import with_measures

NAMES = ("metric", "baseline", "layer")


def test_every_measure_is_a_row(built):
    with (built.folder / "results.csv").open() as file:
        written = [row for row in csv.DictReader(file) if row["dataset"]]
    members = [member for group in built.content.groups for member in group.members]
    expected = [
        (member.variant, str(member.seed), protocol, *(str(measure.get(k, "")) for k in NAMES), measure["value"])
        for member in members
        for (_, protocol), path in member.measures.items()
        for measure in json.loads(path.read_text())["measures"]
    ]
    found = [(r["variant"], r["seed"], r["protocol"], *(r[k] for k in NAMES), float(r["value"])) for r in written]
    assert sorted(found) == sorted(expected)


def test_columns_and_small_numbers(built):
    lines = (built.folder / "results.csv").read_text().splitlines()
    assert lines[0].split(",") == COLUMNS
    norms = [line for line in lines if ",gradient_norm," in line]
    assert norms
    assert all(",4.2e-06," in line for line in norms)


def test_rows_of_runs_that_groups_share_are_written_once(built, tmp_path):
    rows = built.rows()
    write_results(tmp_path / "once.csv", [rows])
    write_results(tmp_path / "twice.csv", [rows, rows])
    assert (tmp_path / "twice.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


def test_data_sets_are_named_as_in_params(built):
    assert set(built.rows(1)["pretrain_set"]) == {"cifar10-10k"}
    assert set(built.rows(1)["dataset"]) == {"cifar10-10k"}


def test_reasons(built):
    group = built.content.groups[0]
    scorings = {scoring.key: scoring for scoring in group.scorings}
    assert absence(group, "simclr-no-colour", scorings["fine_tune"]) == "not evaluated in this suite"
    assert absence(group, "random", scorings["pretext"]) == "does not apply: the method has no pretext task"
    assert absence(group, "simclr", scorings["knn"]) == "missing"


def test_a_failed_evaluations_file_reads_as_missing(built, tmp_path):
    lost, *others = built.content.groups[1].members
    lost = with_measures(lost, {"knn": tmp_path / "never-written.json"}, "cifar10-10k")
    group = replace(built.content.groups[1], members=[lost, *others])
    rows = result_rows(built.content, group)
    assert rows[(rows["variant"] == lost.variant) & (rows["protocol"] == "knn")].empty
    (knn,) = [scoring for scoring in group.scorings if scoring.key == "knn"]
    assert absence(group, lost.variant, knn) == "missing"


def test_encoder_in_one_line():
    assert encoder_name({"encoder": {"width": 24, "backbone": "small_conv"}}) == "small_conv width=24"
