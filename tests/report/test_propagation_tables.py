"""Tables of a group that has no classes: what was trained, and the labels that were propagated."""

from pathlib import Path

import pandas as pd

from selfsup.report.accuracy import accuracy_table
from selfsup.report.content import Content, Group, Member
from selfsup.report.quality import quality_tables
from selfsup.report.summary import sentences
from selfsup.results import COLUMNS

RUNS = ("random_video", "video_colorization")
SUFFIXES = ("", "_optical_flow", "_grey_patches", "_identity")


def group():
    measures = {"label_propagation": Path("nowhere.json")}
    members = [Member(run, run, seed, {}, Path(), Path(), Path(), measures) for run in RUNS for seed in (0, 1)]
    return Group("clips", "moving_scenes", {}, [0, 1], list(RUNS), {"label_propagation": "label_propagation"}, members)


def rows(metrics):
    found = [
        {"variant": run, "seed": seed, "protocol": "label_propagation", "metric": f"{metric}{suffix}", "value": value}
        for run, level in zip(RUNS, (20.0, 70.0), strict=True)
        for seed in (0, 1)
        for metric in metrics
        for suffix, value in zip(SUFFIXES, (level + seed, 60.0, 40.0, 30.0), strict=True)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def test_runs_stand_above_the_first_ones_baselines():
    (table,) = quality_tables(group(), rows(["j_mean", "j_recall", "f_mean", "pck_0.2"]))
    assert [column.key for column in table.columns] == ["method", "j_mean", "j_recall", "f_mean", "pck_0.2"]
    assert [row[0].text for row in table.rows] == [*RUNS, "optical flow", "raw grey patches", "identity"]
    assert table.rows[0][0].note == "anchor: nothing learned"
    assert [row[1].value for row in table.rows] == [20.5, 70.5, 60, 40, 30]


def test_data_without_keypoints_has_no_columns_for_them():
    (table,) = quality_tables(group(), rows(["j_mean"]))
    assert [column.key for column in table.columns] == ["method", "j_mean"]


def test_the_main_table_of_a_group_without_accuracies_says_what_was_trained():
    content = Content("quick", "", "", "cpu", "float32", 1, [], {})
    table = accuracy_table(content, group(), {})
    assert table.title == "Runs on clips"
    assert not any("bold" in note for note in table.notes)
    assert [column.key for column in table.columns] == ["method", "seeds", "images"]


def test_the_summary_of_a_group_without_accuracies_compares_what_was_measured():
    content = Content("quick", "", "", "cpu", "float32", 1, [group()], {})
    (sentence,) = sentences(content, {"clips": {}}, {"clips": rows(["j_mean", "f_mean"])}, {})
    assert sentence.startswith("On clips, 2 seeds, J mean (region similarity, %): random_video 20.5 ± ")
    assert sentence.endswith("; optical flow 60.0 ± 0.0; raw grey patches 40.0 ± 0.0; identity 30.0 ± 0.0.")
    assert "F mean" not in sentence
