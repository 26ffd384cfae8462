"""Tables of a group that has no classes: what was trained, and the labels that were propagated."""

from pathlib import Path

import pandas as pd

from selfsup.report.group import Member
from selfsup.report.main_table import main_table
from selfsup.report.metric_table import families, metric_table
from selfsup.report.overview import overview
from selfsup.results import COLUMNS
from tests.report.fabricate import group_of, protocol

RUNS = ("random_video", "video_colorization")
BASELINES = ("", "optical_flow", "grey_patches", "identity")


def group():
    measures = {("clips", "label_propagation"): Path("nowhere.json")}
    members = [Member(run, run, seed, {}, Path(), {}, measures) for run in RUNS for seed in (0, 1)]
    return group_of("clips", members, [protocol("label_propagation")], {"random_video": "floor"})


def rows(metrics):
    found = [
        {
            **{"variant": run, "seed": seed, "protocol": "label_propagation", "dataset": "clips", "value": value},
            **{"metric": metric.partition("@")[0], "baseline": baseline, "subset": "", "layer": ""},
            "at": float(metric.partition("@")[2] or "nan"),
        }
        for run, level in zip(RUNS, (20.0, 70.0), strict=True)
        for seed in (0, 1)
        for metric in metrics
        for baseline, value in zip(BASELINES, (level + seed, 60.0, 40.0, 30.0), strict=True)
    ]
    return pd.DataFrame(found, columns=COLUMNS).astype({"label_fraction": float, "shots": float})


def tables(rows):
    made = group()
    return [metric_table(made, family, rows) for family in families(made, rows)]


def test_runs_stand_above_the_first_ones_baselines():
    (table,) = tables(rows(["j_mean", "j_recall", "f_mean", "pck@0.2"]))
    assert [column.key for column in table.columns] == ["method", "j_mean", "j_recall", "f_mean", "pck@0.2"]
    assert [row[0].text for row in table.rows] == [*RUNS, "optical flow", "raw grey patches", "identity"]
    assert table.rows[0][0].note == "anchor: untrained"
    assert [row[1].value for row in table.rows] == [20.5, 70.5, 60, 40, 30]


def test_data_without_keypoints_has_no_columns_for_them():
    (table,) = tables(rows(["j_mean"]))
    assert [column.key for column in table.columns] == ["method", "j_mean"]


def test_the_main_table_of_a_group_without_accuracies_lists_the_runs():
    table = main_table(group(), {})
    assert table.title == "Runs on clips"
    assert not any("bold" in note for note in table.notes)
    assert [column.key for column in table.columns] == ["method", "seeds", "images", "updates"]


def test_the_overview_of_a_group_without_accuracies_has_the_best_baseline():
    table = overview([group()], {"clips": {}}, {"clips": rows(["j_mean", "f_mean"])}, {"clips": 10.0})
    (row,) = [dict(zip([column.key for column in table.columns], cells, strict=True)) for cells in table.rows]
    assert row["protocol"].note == "J mean, %"
    assert (row["floor"].value, row["floor"].note) == (20.5, "random_video")
    assert (row["classical"].text, row["classical"].note) == ("60.0 ± 0.0", "optical flow")
    assert (row["best"].value, row["best"].note, row["best"].strong) == (70.5, "video_colorization", True)
    assert (row["above"].text, row["above"].note) == ("1 of 1", "video_colorization")
    assert not {"labels", "chance"} & row.keys(), "guessing a class has no region similarity"
