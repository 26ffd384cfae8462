"""Metrics by variants: rows, columns and titles come from the evaluations' declarations."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from selfsup.config.shown import Figure
from selfsup.report.figures.lines import lines
from selfsup.report.group import Member
from selfsup.report.metric_table import equal_at, families, metric_table
from selfsup.report.scores import main_columns
from selfsup.results import COLUMNS
from tests.report.fabricate import group_of, protocol

PROBES = {1: 30.0, 4: 50.0, 16: 70.0}
ROLES = {"random": "floor"}


def row(variant, name, value, seed=0, metric="top1", **where):
    text = {"unit": "%", "baseline": "", "subset": "", "layer": "", "pretrain_set": "g", "dataset": "g"}
    return {**text, "variant": variant, "protocol": name, "metric": metric, "value": value, "seed": seed, **where}


def group(rows, *protocols, variants=("random", "clip")):
    paths = {("g", one.name): Path("nowhere.json") for one in protocols}
    members = [Member(variant, variant, seed, {}, Path(), {}, paths) for variant in variants for seed in (0, 1)]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"at": float, "label_fraction": float, "shots": float})
    return group_of("g", members, list(protocols), ROLES), table


def tables(made, rows):
    return {t.name: t for t in (metric_table(made, one, rows) for one in families(made, rows)) if t.rows}


def few(zero_shot=None, clip=PROBES):
    rows = [row("random", "few_shot", 12.0 + count, shots=count) for count in PROBES]
    for seed, shift in enumerate((-1.0, 1.0)):
        rows += [row("clip", "few_shot", value + shift, seed, shots=n) for n, value in clip.items()]
        rows += [row("clip", "phrases", zero_shot + shift, seed)] if zero_shot else []
    return group(rows, protocol("few_shot"), protocol("phrases", "zero_shot", title="zero-shot"))


@pytest.mark.parametrize(
    ("level", "expected"),
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
def test_equal_shots_lie_on_the_line_between_the_means(level, expected):
    assert equal_at(level, PROBES) == pytest.approx(expected)


def test_the_first_crossing_counts_where_more_labels_are_worse():
    assert equal_at(45.0, {1: 40.0, 4: 50.0, 16: 44.0}) == pytest.approx(2.0)


def test_a_reference_has_its_level_and_where_it_is_reached():
    table = tables(*few(71.0))["few_shot-g"]
    assert [column.key for column in table.columns] == ["method", "phrases", "equal", "top1@1", "top1@4", "top1@16"]
    assert [column.heading for column in table.columns][1:4] == ["zero-shot", "equal to zero-shot", "1 label a class"]
    random, clip = ([cell.text for cell in cells] for cells in table.rows)
    assert random == ["Random initialization", "", "", "13.0", "16.0", "28.0"]
    assert clip[0] == "clip"
    assert clip[1].startswith("71.0 ± ")
    assert clip[2] == "above 16"
    assert tables(*few(20.0))["few_shot-g"].rows[1][2].text == "below 1"
    assert [column.key for column in tables(*few())["few_shot-g"].columns][1] == "top1@1"


def test_the_figure_has_the_level_and_is_the_same_bytes_each_time():
    made, rows = few(60.0)
    spec = Figure(kind="lines", metric="top1", over="shots")
    first, second = (lines(made, families(made, rows)[0], spec, rows) for _ in range(2))
    assert first == second
    assert "clip: zero-shot" in first.svg


def test_the_headline_says_that_no_labels_are_used():
    ((scoring, quantity),) = main_columns(*few(60.0))
    assert (scoring.key, quantity.labels) == ("phrases", "no labels")


def test_subsets_are_columns_and_baselines_rows_and_a_headline_alone_has_no_table():
    assert "phrases-g" not in tables(*few(60.0))
    rows = [
        row("clip", "phrases", value, **where)
        for value, where in (
            (60.0, {}),
            (12.0, {"baseline": "chance"}),
            (50.0, {"subset": "seen_combination"}),
            (12.5, {"subset": "seen_combination", "baseline": "chance"}),
        )
    ]
    table = tables(*group(rows, protocol("phrases", "zero_shot")))["phrases-g"]
    assert [column.key for column in table.columns] == ["method", "top1", "seen_combination"]
    assert [column.heading for column in table.columns] == ["method", "all test images", "seen combinations"]
    assert [[cell.text for cell in cells] for cells in table.rows] == [
        ["clip", "60.0", "50.0"],
        ["chance", "12.0", "12.5"],
    ]
    assert table.rows[1][0].note == "baseline, beside clip"


def test_thresholds_are_in_ascending_order():
    rows = [row("clip", "retrieval", 10.0 * k, metric="image_to_text", at=k) for k in (10, 1, 3)]
    table = tables(*group(rows, protocol("retrieval")))["retrieval-g"]
    assert [column.heading for column in table.columns][1:] == [f"image to text, R@{k}" for k in (1, 3, 10)]
    assert all(column.note == "%, higher is better" for column in table.columns[1:])


def test_a_layer_that_only_another_encoder_has():
    rows = [row("clip", "linear_probe", 50.0, layer=name) for name in ("conv1", "conv2")]
    rows += [row("random", "linear_probe", 20.0, layer=name) for name in ("stem", "conv2")]
    table = tables(*group(rows, protocol("linear_probe")))["linear_probe-g"]
    assert [column.heading for column in table.columns] == ["method", "conv1", "conv2", "stem"]
    assert [cell.text for cell in table.rows[0]] == ["Random initialization", "no such layer", "20.0", "20.0"]


def test_the_only_layer_of_a_fixed_encoder_is_no_column_beside_those_of_networks():
    rows = [row("clip", "linear_probe", 50.0, layer=name) for name in ("conv1", "conv2")]
    rows += [row("random", "linear_probe", 20.0), row("random", "linear_probe", 20.0, layer="pixels")]
    table = tables(*group(rows, protocol("linear_probe")))["linear_probe-g"]
    assert [column.heading for column in table.columns] == ["method", "conv1", "conv2"]
    assert [cells[0].text for cells in table.rows] == ["clip"]
    assert not any("random" in note.lower() for note in table.notes)


def test_a_single_layer_is_the_headline_and_no_column():
    rows = [row("clip", "linear_probe", 50.0), row("clip", "linear_probe", 50.0, layer="projection")]
    assert tables(*group(rows, protocol("linear_probe"))) == {}


def test_protocols_of_one_title_share_a_table():
    rows = [row("clip", "few_labels_blocks", 50.0, shots=20), row("random", "few_labels_scratch", 30.0, shots=20)]
    protocols = [
        protocol("few_labels_blocks", title="blocks frozen"),
        protocol("few_labels_scratch", title="from scratch"),
    ]
    (table,) = tables(*group(rows, *protocols)).values()
    assert [[cell.text for cell in cells] for cells in table.rows] == [
        ["clip", "blocks frozen", "50.0"],
        ["Random initialization", "from scratch", "30.0"],
    ]
    assert [column.heading for column in table.columns] == ["method", "protocol", "20 labels a class"]


def test_a_title_may_be_that_of_its_subset():
    rows = [row("clip", "factors", 50.0, metric="accuracy", subset="flip")]
    rows += [row("clip", "factors", value, metric="r2", subset=name) for name, value in (("hue", 6.0), ("noise", 7.0))]
    table = tables(*group(rows, protocol("factors")))["factors-g"]
    assert [column.heading for column in table.columns] == ["method", "flip", "hue", "camera noise"]
    assert [column.note for column in table.columns[1:]] == [
        "%, accuracy, higher is better",
        *["%, R\N{SUPERSCRIPT TWO}, higher is better"] * 2,
    ]


@pytest.mark.parametrize("crowd", [0, 12])
def test_an_anchor_of_one_layer_is_a_level_in_figures_by_layer(crowd):
    methods = ["clip", *(f"clip-{n}" for n in range(crowd))]
    rows = [row("hog", "linear_probe", 70.0, layer="hog")]
    rows += [row(name, "linear_probe", 40.0 + n, layer=f"conv{n}") for name in methods for n in range(3)]
    made, table = group(rows, protocol("linear_probe"), variants=("hog", *methods))
    made = replace(made, roles={"hog": "classical"})
    [family] = families(made, table)
    plot = lines(made, family, Figure(kind="lines", metric="top1", over="layer"), table)
    assert plot.svg.count(">hog<") == (0 if crowd else 1)  # of few lines in the legend; never a tick
    assert ">conv2<" in plot.svg
