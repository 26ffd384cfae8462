"""Zero-shot beside few-shot probes: how many labels equal it, and what its table and column say."""

import json
import math
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest

from selfsup.report.content import Group, Member
from selfsup.report.few_shot import equal_shots, few_shot_table, few_shots
from selfsup.report.figures.few_shot import few_shot
from selfsup.report.headline import evaluations
from selfsup.report.qualities import QUALITIES
from selfsup.report.quality import quality_tables
from selfsup.report.retrieved import retrieved

PROBES = {1: 30.0, 4: 50.0, 16: 70.0}


def group(rows):
    members = [Member(variant, variant, 0, {}, None, None, None, {}) for variant in ("random", "clip")]
    protocols = {"few_shot": "few_shot", "phrases": "zero_shot", "retrieval": "retrieval"}
    return Group("g", "d", {}, [0, 1], ["random", "clip"], protocols, members), pd.DataFrame(rows).assign(
        label_fraction=float("nan"), unit="%"
    )


def row(variant, protocol, metric, value, seed=0):
    return {"variant": variant, "protocol": protocol, "metric": metric, "value": value, "seed": seed}


def table(zero_shot, clip=PROBES):
    rows = [row("random", "few_shot", f"top1_{count}_shot", 12.0 + count) for count in PROBES]
    for seed, shift in enumerate((-1.0, 1.0)):
        rows += [row("clip", "few_shot", f"top1_{n}_shot", value + shift, seed) for n, value in clip.items()]
        rows.append(row("clip", "phrases", "top1", zero_shot + shift, seed))
    return group(rows)


@pytest.mark.parametrize(
    ("zero_shot", "expected"),
    [
        (50.0, 4.0),
        (60.0, 8.0),  # half of the way from 4 to 16 over the logarithm
        (40.0, 2.0),
        (29.0, 0.0),
        (30.0, 1.0),
        (70.0, 16.0),
        (71.0, math.inf),
    ],
)
def test_equal_shots_lie_on_the_line_between_the_means(zero_shot, expected):
    found = few_shots(*table(zero_shot))
    assert [one.variant for one in found] == ["random", "clip"]
    assert equal_shots(found[0]) is None
    assert equal_shots(found[1]) == pytest.approx(expected)


def test_the_first_crossing_counts_where_more_labels_are_worse():
    (_, one) = few_shots(*table(45.0, {1: 40.0, 4: 50.0, 16: 44.0}))
    assert equal_shots(one) == pytest.approx(2.0)


def test_the_table_has_a_row_a_method_and_says_what_is_beyond_it():
    made = few_shot_table(*table(71.0))
    assert [column.key for column in made.columns] == ["method", "0", "1", "4", "16", "equal"]
    random, clip = ([cell.text for cell in cells] for cells in made.rows)
    assert random == ["random", "", "13.0", "16.0", "28.0", ""]
    assert clip[0] == "clip"
    assert clip[1].startswith("71.0 ± ")
    assert clip[-1] == "above 16"
    assert few_shot_table(*table(20.0)).rows[1][-1].text == "below 1"


def test_without_probes_there_is_nothing_to_show():
    made, rows = group([row("clip", "phrases", "top1", 50.0)])
    assert few_shot_table(made, rows).rows == []
    assert few_shot(made, rows) is None


def test_the_figure_is_of_the_group_and_the_same_bytes_each_time():
    first, second = few_shot(*table(60.0)), few_shot(*table(60.0))
    assert first == second
    assert "zero-shot" in first.svg


def test_the_zero_shot_column_says_that_no_label_was_used():
    made, rows = table(60.0)
    (column,) = evaluations(made, rows)
    assert (column.protocol, column.labels) == ("phrases", "no labels")


def test_columns_that_no_run_has_are_left_out():
    zero_shot = next(quality for quality in QUALITIES if quality.evaluation == "zero_shot")
    made, rows = table(60.0)
    assert not [table for table in quality_tables(made, rows) if zero_shot.title in table.title]
    more = [row("clip", "phrases", f"top1_seen_combination{end}", 50.0) for end in ("", "_chance")]
    (found,) = quality_tables(made, pd.concat([rows, group(more)[1]], ignore_index=True))
    assert [column.key for column in found.columns] == ["method", "top1_seen_combination"]
    assert [cells[0].text for cells in found.rows] == ["clip", "chance"]


def test_what_was_retrieved_is_shown_of_the_first_seed(tmp_path):
    made, _ = table(60.0)
    assert retrieved(made) == []
    with h5py.File(tmp_path / "retrieval.h5", "w") as file:
        file.attrs["captions"] = json.dumps(["a cup", "a car"])
        file["images"] = np.zeros((3, 2, 3, 8, 8), np.uint8)
    clip = replace(made.members[1], measures={"retrieval": tmp_path / "retrieval.json"})
    (strip,) = retrieved(replace(made, members=[made.members[0], clip]))
    assert strip.captions == ["a cup", "a car"]
    assert "of clip" in strip.title
