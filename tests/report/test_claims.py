"""Verdicts from paired seeds, case by case."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from selfsup.config.claims import Claim, Side
from selfsup.errors import InputError
from selfsup.report.claims import claims_table, judge, verdicts

A, B = (Side(run, "linear_probe", "top1") for run in "ab")
HIGHER = Claim("a_above_b", "A beats B.", "Author 2020, Table 1", "2 against 1", A, B, None, ())
CLOSE = replace(HIGHER, within=5.0)


def rows(**values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "variant": v,
                "seed": s,
                **{"pretrain_set": "scenes", "dataset": "scenes", "protocol": "linear_probe", "metric": "top1"},
                **{"baseline": "", "subset": "", "layer": "", "value": x, "unit": "%"},
                **dict.fromkeys(("at", "label_fraction", "shots"), float("nan")),
            }
            for v, column in values.items()
            for s, x in enumerate(column)
        ]
    )


@pytest.mark.parametrize(
    ("claim", "a", "b", "verdict"),
    [
        (HIGHER, [50.0, 51, 53], [40.0, 42, 42], "reproduced"),
        (HIGHER, [40.0, 42, 42], [50.0, 51, 53], "contradicted"),
        (HIGHER, [50.0, 51, 40], [40.0, 52, 42], "inconclusive"),
        (HIGHER, [90.0], [10.0], "inconclusive"),
        (CLOSE, [22.0, 23, 24], [22.5, 23.2, 24.6], "reproduced"),
        (CLOSE, [32.0, 33, 34.5], [22.5, 23.2, 24.6], "contradicted"),
        (CLOSE, [12.0, 13, 14.5], [22.5, 23.2, 24.6], "contradicted"),
        (CLOSE, [27.0, 28, 29.5], [22.5, 23.2, 24.6], "inconclusive"),
        (CLOSE, [17.0, 18, 20.5], [22.5, 23.2, 24.6], "inconclusive"),
    ],
)
def test_verdicts(claim, a, b, verdict):
    assert judge(claim, rows(a=a, b=b)).verdict == verdict


def test_the_difference_is_paired_by_seed():
    found = judge(HIGHER, rows(a=[10.0, 50, 90], b=[8.0, 47.9, 88.1]))
    assert found.verdict == "reproduced"
    assert found.difference.mean == pytest.approx(2.0)


def test_what_is_not_there_is_not_measured():
    assert judge(HIGHER, rows(a=[1.0, 2])).reason == "no number of b"
    elsewhere = replace(HIGHER, first=replace(A, evaluation="knn"))
    assert judge(elsewhere, rows(a=[1.0], b=[2.0])).reason == "no number of a"
    shifted = rows(a=[1.0], b=[0.0, 2.0])
    assert judge(HIGHER, shifted[(shifted["variant"] == "a") | (shifted["seed"] == 1)]).reason == "no common seed"


def test_a_run_may_be_compared_with_its_own_baseline_or_head():
    """Other metric, other evaluation; the verdict has the unit."""
    own = rows(a=[18.0, 18.5, 19.1]).assign(metric="psnr", unit="dB")
    nearest = rows(a=[14.0, 14.1, 14.9]).assign(metric="psnr_nearest_hog", unit="dB")
    first = replace(A, metric="psnr")
    found = judge(replace(HIGHER, first=first, second=replace(A, metric="psnr_nearest_hog")), pd.concat([own, nearest]))
    assert (found.verdict, found.unit) == ("reproduced", "dB")
    head = rows(a=[14.0, 14.1, 14.9]).assign(metric="psnr", protocol="linear_probe_projection", unit="dB")
    other = replace(first, evaluation="linear_probe_projection")
    assert judge(replace(HIGHER, first=first, second=other), pd.concat([own, head])).difference.mean == pytest.approx(
        4.2
    )


@pytest.mark.parametrize(
    ("key", "value", "empty"),
    [
        *(("baseline", "chance", ""), ("subset", "two_objects", ""), ("layer", "conv1", "")),
        *(("at", 0.2, None), ("shots", 4, None), ("label_fraction", 0.1, None)),
    ],
)
def test_what_a_side_does_not_name_is_an_empty_cell(key, value, empty):
    """A metric of a baseline, of a subset or of some shots is another number than the metric alone."""
    plain = rows(a=[50.0, 51, 53], b=[40.0, 42, 42]).assign(**{key: empty})
    special = rows(a=[10.0, 11, 13], b=[20.0, 22, 22]).assign(**{key: value})
    both = pd.concat([plain, special])
    assert judge(HIGHER, both).difference.mean == pytest.approx(10.0)
    of_it = replace(HIGHER, first=replace(A, **{key: value}), second=replace(B, **{key: value}))
    assert judge(of_it, both).difference.mean == pytest.approx(-10.0)
    mixed = replace(HIGHER, second=replace(A, **{key: value}))
    assert judge(mixed, both).difference.mean == pytest.approx(40.0)


def test_a_claim_is_judged_where_both_runs_are(built):
    group = built.content.groups[1]
    without = replace(group, members=[member for member in group.members if member.variant != "rotation"])
    content = replace(built.content, groups=[built.content.groups[0], without])
    judged = verdicts(content, {group.name: built.rows(n) for n, group in enumerate(built.content.groups)})
    assert {name for claim, name in judged if claim == "random_below_rotation"} == {"scenes"}
    assert {name for claim, name in judged if claim == "random_below_simclr"} == {"scenes", "cifar10-10k"}
    cells = [[cell.text for cell in row] for row in claims_table(content, judged).rows]
    assert len(cells) == len(judged)
    (cell,) = [row[4] for row in cells if "predicting rotations" in row[0]]
    assert re.fullmatch(r"\+\d+\.\d \[\+\d+\.\d, \+\d+\.\d\]", cell)


def test_a_difference_that_is_no_percentage_names_its_unit(built):
    sides = {key: Side(run, "inpainting", "sharpness") for key, run in (("first", "moco_v1"), ("second", "moco_v2"))}
    content = replace(built.content, claims={"sharper": replace(HIGHER, **sides)})
    table = claims_table(content, verdicts(content, {g.name: built.rows(n) for n, g in enumerate(content.groups)}))
    assert table.rows[0][4].text.endswith("] ratio")
    assert re.match(r"[+\N{MINUS SIGN}]0\.\d\d ", table.rows[0][4].text)


def test_several_numbers_a_seed_are_refused():
    twice = pd.concat([rows(a=[1.0, 2], b=[1.0, 2])] * 2)
    with pytest.raises(InputError, match="several numbers a seed"):
        judge(HIGHER, twice)


def test_the_projects_claims_are_judged(built):
    lines = (built.folder / "tables" / "claims.csv").read_text().splitlines()
    assert len(lines) == 1 + len(built.content.claims) * len(built.content.groups)
    rotation = [line for line in lines if "predicting rotations" in line]
    assert rotation[0].endswith(",3,reproduced")
    assert rotation[1].endswith(",1,inconclusive (one common seed has no interval)")
