"""Which columns a group has, and which of its numbers are bold."""

from dataclasses import replace

import pandas as pd
import pytest

from selfsup.report.content import Group, Member
from selfsup.report.headline import best_within_noise, scores
from selfsup.results import write_measures
from tests.report.fabricate import group_of, measured, protocol

ROLES = {"random": "floor", "supervised": "ceiling"}
METHODS = {"random": "random", "a": "simclr", "b": "moco", "c": "rotation", "supervised": "supervised"}


def table(values: dict[str, list[float]]) -> tuple[Group, pd.DataFrame]:
    """Return a group and its rows of one linear probe: values by variant, one a seed."""
    members = [
        Member(variant, METHODS[variant], seed, {}, None, {}, {})
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
    assert best_within_noise(group, list(scores(group, rows).values())) == bold


def test_where_less_is_better_the_lowest_is_bold():
    group, rows = table({"a": [50.0, 51, 52], "b": [40.0, 41, 42]})
    shown = protocol("linear_probe").shown
    errors = shown.model_copy(
        update={"metrics": {"top1": shown.metrics["top1"].model_copy(update={"better": "lower"})}}
    )
    (target,) = group.targets
    lower = replace(group, targets=[replace(target, protocols=[replace(target.protocols[0], shown=errors)])])
    assert best_within_noise(lower, list(scores(lower, rows).values())) == {"b"}


def test_columns_follow_the_suite_and_split_by_label_fraction(built):
    keys = list(dict.fromkeys(key for _, key in scores(built.content.groups[0], built.rows())))
    fractions = ["few_labels_frozen@0.01", "few_labels_frozen@0.1", "fine_tune@0.01", "fine_tune@0.1"]
    assert keys == ["linear_probe", "knn", *fractions]


def test_a_protocol_that_applies_to_no_run_keeps_its_column(built, tmp_path):
    write_measures(tmp_path / "none.json", [], "the data has no labels")
    group = built.content.groups[0]
    members = [measured(m, {"knn": tmp_path / "none.json"}, "scenes") for m in group.members]
    group = replace(group, members=members)
    rows = built.rows()
    found = scores(group, rows[rows["protocol"] != "knn"])
    assert found["simclr", "knn"].absent == "does not apply: the data has no labels"
    assert found["simclr", "linear_probe"].interval.n == 3
