"""Which columns a group has, which of its numbers are bold, and which are above the classical rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from selfsup.config.shown import Figure
from selfsup.report.figures.points import bars
from selfsup.report.floors import not_above_floor
from selfsup.report.group import Group, Member
from selfsup.report.main_table import ABOVE, main_table
from selfsup.report.overview import overview
from selfsup.report.ranking import above_classical, best_within_noise, ranks
from selfsup.report.scores import main_scores
from selfsup.results import write_measures
from tests.report.fabricate import group_of, protocol, with_measures

ROLES = {"random": "floor", "pixels": "classical", "hog": "classical", "supervised": "labels"}
METHODS = {
    "random": "random",
    "pixels": "handcrafted",
    "hog": "handcrafted",
    "a": "simclr",
    "b": "moco",
    "c": "rotation",
    "supervised": "supervised",
    "other": "supervised",
}


def table(values: dict[str, list[float]]) -> tuple[Group, pd.DataFrame]:
    """Return a group and its rows of one linear probe: values by variant, one a seed."""
    members = [
        Member(variant, METHODS[variant], seed, {}, Path("nowhere"), {}, {})
        for variant, column in values.items()
        for seed in range(len(column))
    ]
    rows = [
        {
            "variant": v,
            "seed": seed,
            **{"protocol": "linear_probe", "dataset": "g", "metric": "top1", "value": value},
            **{"baseline": "", "subset": "", "layer": ""},
            **dict.fromkeys(("at", "label_fraction", "shots"), float("nan")),
        }
        for v, column in values.items()
        for seed, value in enumerate(column)
    ]
    return group_of("g", members, [protocol("linear_probe")], ROLES), pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("values", "bold"),
    [
        ({"a": [50.0, 51, 52], "b": [40.0, 41, 42], "c": [10.0, 11, 12]}, {"a"}),  # every difference is exactly 10
        ({"a": [50.0, 51, 52], "b": [49.0, 52, 50], "c": [10.0, 11, 12]}, {"a", "b"}),
        ({"a": [50.0], "b": [49.9]}, {"a"}),  # one seed: no noise to be within
        ({"a": [50.0, 51, 52], "supervised": [90.0, 90, 90], "random": [51.0, 51, 51]}, {"a"}),  # anchors never
        ({"random": [20.0, 21, 22]}, set()),
    ],
)
def test_bold_is_the_best_and_what_no_interval_tells_from_it(values, bold):
    group, rows = table(values)
    assert best_within_noise(group, list(main_scores(group, rows).values())) == bold


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": [50.0, 51, 52], "b": [40.0, 41, 42], "c": [10.0, 11, 12]}, {"a": "1", "b": "2", "c": "3"}),
        (
            {"a": [50.0, 51, 52], "b": [49.0, 52, 50], "c": [10.0, 11, 12]},
            {"a": "1\N{EN DASH}2", "b": "1\N{EN DASH}2", "c": "3"},
        ),
        # b is not told from a nor from c, but a is above c
        (
            {"a": [50.0, 51, 52], "b": [43.0, 51, 51], "c": [40.0, 41, 42]},
            {"a": "1\N{EN DASH}2", "b": "1\N{EN DASH}3", "c": "2\N{EN DASH}3"},
        ),
        ({"a": [50.0], "b": [49.9]}, {"a": "1", "b": "2"}),
        ({"a": [50.0, 51, 52], "supervised": [90.0, 90, 90]}, {"supervised": "1", "a": "2"}),
    ],
)
def test_a_rank_is_a_range_where_seeds_do_not_tell_rows_apart(values, expected):
    group, rows = table(values)
    assert ranks(list(main_scores(group, rows).values())) == expected


CLASSICAL = {"pixels": [20.0, 20, 20], "hog": [45.0, 45, 45]}


@pytest.mark.parametrize(
    ("values", "above"),
    [
        ({"a": [50.0, 51, 52], "b": [40.0, 41, 42], "supervised": [90.0, 90, 91]}, {"a", "supervised"}),
        ({"a": [40.0, 51, 52], "b": [46.0, 46, 46], "random": [30.0, 30, 30]}, {"b"}),  # a is not told from HOG
        ({"a": [20.0, 21, 22]}, set()),
    ],
)
def test_above_the_best_classical_row_is_what_its_interval_says(values, above):
    group, rows = table(CLASSICAL | values)
    assert above_classical(group, list(main_scores(group, rows).values())) == above


def test_of_one_seed_the_larger_number_is_above():
    group, rows = table({"hog": [45.0], "a": [45.1], "b": [44.9]})
    assert above_classical(group, list(main_scores(group, rows).values())) == {"a"}


def test_without_a_classical_row_nothing_is_above():
    group, rows = table({"random": [20.0, 21, 22], "a": [50.0, 51, 52]})
    assert above_classical(group, list(main_scores(group, rows).values())) == set()


def test_table_overview_and_figure_say_what_is_above():
    group, rows = table(CLASSICAL | {"a": [50.0, 51, 52], "b": [40.0, 41, 42]})
    scores = main_scores(group, rows)
    found = main_table(group, scores)
    assert {row[0].text: row[1].text.endswith(ABOVE) for row in found.rows} == {
        "a": True,
        "hog": False,
        "b": False,
        "pixels": False,
    }
    assert any(note.startswith(ABOVE) for note in found.notes)
    assert {row[0].text: row[0].note for row in found.rows}["hog"] == "anchor: classical"
    best = overview([group], {"g": scores}, {"g": rows}, {"g": 12.5})
    keys = [column.key for column in best.columns]
    [found] = [dict(zip(keys, row, strict=True)) for row in best.rows]
    assert (found["chance"].text, found["classical"].note, found["above"].text) == ("12.5", "hog", "1 of 2")
    assert (found["best"].note, found["best"].strong, found["above"].note) == ("a", True, "a")
    assert "labels" not in found
    plot = bars(group, group.scorings[0], Figure(kind="bars", metric="top1"), rows)
    assert "best classical row, hog" in plot.caption


def test_the_overview_compares_with_the_best_anchor_of_a_role():
    group, rows = table({"a": [50.0, 51, 52], "other": [60.0, 60, 60], "supervised": [90.0, 90, 90]})
    group = replace(group, roles=group.roles | {"other": "labels"})
    found = overview([group], {"g": main_scores(group, rows)}, {"g": rows}, {})
    (labels,) = [cell for cell, column in zip(found.rows[0], found.columns, strict=True) if column.key == "labels"]
    assert labels.note == "Supervised"


def test_where_less_is_better_the_lowest_is_bold():
    group, rows = table({"a": [50.0, 51, 52], "b": [40.0, 41, 42], "hog": [45.0, 45, 45]})
    shown = protocol("linear_probe").shown
    errors = shown.model_copy(
        update={"metrics": {"top1": shown.metrics["top1"].model_copy(update={"better": "lower"})}}
    )
    (target,) = group.targets
    lower = replace(group, targets=[replace(target, protocols=[replace(target.protocols[0], shown=errors)])])
    assert ranks(list(main_scores(lower, rows).values())) == {"b": "1", "hog": "2", "a": "3"}
    assert above_classical(lower, list(main_scores(lower, rows).values())) == {"b"}
    assert best_within_noise(lower, list(main_scores(lower, rows).values())) == {"b"}
    each_other = replace(lower, floors={"a": ["b"], "b": ["a"]})
    assert set(not_above_floor(each_other, list(main_scores(lower, rows).values()))) == {"a"}


def test_columns_follow_the_suite_and_split_by_label_fraction(built):
    keys = list(dict.fromkeys(key for _, key in main_scores(built.content.groups[0], built.rows())))
    fractions = ["few_labels_frozen@0.01", "few_labels_frozen@0.1", "fine_tune@0.01", "fine_tune@0.1"]
    assert keys == ["linear_probe", "knn", *fractions]


def test_a_protocol_that_applies_to_no_run_keeps_its_column(built, tmp_path):
    write_measures(tmp_path / "none.json", [], "the data has no labels")
    group = built.content.groups[0]
    members = [with_measures(m, {"knn": tmp_path / "none.json"}, "scenes") for m in group.members]
    group = replace(group, members=members)
    rows = built.rows()
    found = main_scores(group, rows[rows["protocol"] != "knn"])
    assert found["simclr", "knn"].absent == "does not apply: the data has no labels"
    assert found["simclr", "linear_probe"].interval.n == 3


def test_a_headline_says_what_its_evaluation_flags():
    group, rows = table({"a": [50.0, 51, 52], "b": [40.0, 41, 42]})
    flagged = rows[(rows["variant"] == "b") & (rows["seed"] == 1)].assign(metric="penalty_at_floor", layer="conv1")
    scores = main_scores(group, pd.concat([rows, flagged]))
    found = main_table(group, scores)
    assert [row[1].note for row in found.rows] == ["", "penalty at its floor"]
