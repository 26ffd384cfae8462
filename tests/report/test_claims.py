"""Verdicts from paired seeds, case by case."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from selfsup.config.claims import Claim, Side
from selfsup.errors import InputError
from selfsup.report.claims import MAX_Q, judge, kind, verdicts
from selfsup.report.claims_table import claims_table
from selfsup.report.intervals import Interval, q_values

A, B = (Side(run, "linear_probe", "top1") for run in "ab")
HIGHER = Claim("a_above_b", "A beats B.", "Author 2020, Table 1", "2 against 1", A, B, None, (), 1.0, "before")
CLOSE = replace(HIGHER, within=5.0)


def rows(**values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "variant": v,
                "seed": s,
                "run": f"{v}-{column}",
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


def test_means_are_over_the_seeds_of_both_sides():
    found = judge(HIGHER, rows(a=[10.0, 50, 90], b=[8.0, 46.0]))
    assert found.means == pytest.approx((30.0, 27.0))


def test_a_missing_number_is_not_measured():
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
def test_a_dimension_that_a_side_does_not_name_is_empty(key, value, empty):
    """A metric of a baseline, of a subset or of some shots is another number than the metric alone."""
    plain = rows(a=[50.0, 51, 53], b=[40.0, 42, 42]).assign(**{key: empty})
    special = rows(a=[10.0, 11, 13], b=[20.0, 22, 22]).assign(**{key: value})
    both = pd.concat([plain, special])
    assert judge(HIGHER, both).difference.mean == pytest.approx(10.0)
    both_sides = replace(HIGHER, first=replace(A, **{key: value}), second=replace(B, **{key: value}))
    assert judge(both_sides, both).difference.mean == pytest.approx(-10.0)
    mixed = replace(HIGHER, second=replace(A, **{key: value}))
    assert judge(mixed, both).difference.mean == pytest.approx(40.0)


def test_a_claim_is_judged_where_both_runs_are(built):
    group = built.content.groups[1]
    without = replace(group, members=[member for member in group.members if member.variant != "moco_v1"])
    content = replace(built.content, groups=[built.content.groups[0], without])
    judged = verdicts(content, {group.name: built.rows(n) for n, group in enumerate(built.content.groups)})
    assert {name for claim, name in judged if claim == "random_below_moco_v1"} == {"scenes"}
    assert {name for claim, name in judged if claim == "random_below_simclr"} == {"scenes", "cifar10-10k"}
    cells = [[cell.text for cell in row] for row in claims_table(content, judged).rows]
    assert len(cells) == len(judged)
    ((ours, cell),) = [row[5:7] for row in cells if "momentum queue beat" in row[0]]
    assert re.fullmatch(r"\d+\.\d against \d+\.\d", ours)
    assert re.fullmatch(r"\+\d+\.\d \[\+\d+\.\d, \+\d+\.\d\]", cell)


def test_a_difference_that_is_no_percentage_names_its_unit(built):
    sides = {key: Side(run, "inpainting", "sharpness") for key, run in (("first", "moco_v1"), ("second", "moco_v2"))}
    content = replace(built.content, claims={"sharper": replace(HIGHER, **sides)})
    table = claims_table(content, verdicts(content, {g.name: built.rows(n) for n, g in enumerate(content.groups)}))
    ours, difference = (cell.text for cell in table.rows[0][5:7])
    assert re.fullmatch(r"0\.\d\d against 0\.\d\d", ours)
    assert difference.endswith("] ratio")
    assert re.match(r"[+\N{MINUS SIGN}]0\.\d\d ", difference)


def test_several_numbers_a_seed_are_refused():
    twice = pd.concat([rows(a=[1.0, 2], b=[1.0, 2])] * 2)
    with pytest.raises(InputError, match="several numbers a seed"):
        judge(HIGHER, twice)


def test_the_projects_claims_are_judged(built):
    lines = (built.folder / "tables" / "claims.csv").read_text().splitlines()
    assert len(lines) == 1 + len(built.content.claims) * len(built.content.groups)
    queue = [line for line in lines if "momentum queue beat" in line]
    assert queue[0].endswith(",3,after,reproduced")
    assert queue[1].endswith(",none,none,1,after,inconclusive (one common seed has no interval)")


def suite_of(differences: dict[str, list[float]]):
    """Return a content with one claim per name, and rows in which its two runs differ by these numbers, seed by seed."""
    sides = {
        name: (Side(f"{name}-a", "linear_probe", "top1"), Side(f"{name}-b", "linear_probe", "top1"))
        for name in differences
    }
    claims = {name: replace(HIGHER, name=name, first=first, second=second) for name, (first, second) in sides.items()}
    runs = {f"{name}-a": values for name, values in differences.items()}
    runs |= {f"{name}-b": [0.0] * len(values) for name, values in differences.items()}
    target = SimpleNamespace(name="scenes", dataset="scenes")
    group = SimpleNamespace(
        name="scenes",
        roles={},
        targets=[target],
        protocols_on=lambda _: {run: ["linear_probe"] for run in runs},
    )
    return SimpleNamespace(claims=claims, groups=[group]), {"scenes": rows(**runs)}


def test_verdicts_of_a_suite_are_adjusted_as_a_family():
    """Alone its p of 0.03 decides a claim; among twenty that show nothing it does not, among twenty that are clear it does."""
    borderline = [5.0, 7.0, 4.2]
    nothing = {f"n{n}": [1.0, -1.0, 0.3] for n in range(20)}
    clear = {f"c{n}": [50.0, 50.1, 49.9] for n in range(20)}

    def judged(**differences):
        return verdicts(*suite_of(differences))["x", "scenes"]

    assert judged(x=borderline).verdict == "reproduced"
    among = judged(x=borderline, **nothing)
    assert among.verdict == "inconclusive"
    assert among.reason.startswith("reproduced by its own interval")
    assert judged(x=borderline, **clear).verdict == "reproduced"


def test_runs_that_are_in_two_groups_are_compared_once():
    """In two groups of equal runs the first alone is judged; with another seed, or another run, both are."""
    content, both = suite_of({"x": [5.0, 7.0, 4.2]})
    again = SimpleNamespace(**vars(content.groups[0]) | {"name": "again"})
    content.groups.append(again)
    same = both["scenes"]
    fewer, other = same[same["seed"] < 2], same.assign(run=same["run"] + "-of-other-keys")
    for rows_of_again, judged in ((same, {"scenes"}), (fewer, {"scenes", "again"}), (other, {"scenes", "again"})):
        assert {group for _, group in verdicts(content, {"scenes": same, "again": rows_of_again})} == judged


def test_q_is_that_of_benjamini_and_hochberg_by_hand():
    differences = {"a": [5.0, 7.0, 4.2], "b": [1.0, -1.0, 0.3], "c": [50.0, 50.1, 49.9]}
    found = verdicts(*suite_of(differences))
    p = {name: stats.ttest_1samp(values, 0.0).pvalue for name, values in differences.items()}
    ranked = sorted(p, key=p.get)
    expected, smallest = {}, 1.0
    for rank in (3, 2, 1):
        smallest = min(smallest, p[ranked[rank - 1]] * 3 / rank)
        expected[ranked[rank - 1]] = smallest
    for name, q in expected.items():
        assert found[name, "scenes"].q == pytest.approx(q, rel=1e-9)


def test_without_any_effect_few_suites_have_a_false_verdict():
    """1,000 suites of 60 claims over three seeds in which nothing differs: at most 5 % have one that says reproduced."""
    noise = np.random.default_rng(0).normal(0, 1, (1000, 60, 3))
    statistic = noise.mean(2) / (noise.std(2, ddof=1) / np.sqrt(3))
    p = 2 * stats.t.sf(abs(statistic), 2)
    reproduced = (np.array([q_values(list(row)) for row in p]) < MAX_Q) & (statistic > 0)
    assert reproduced.any(1).mean() <= 0.05
    assert ((p < 0.05) & (statistic > 0)).any(1).mean() > 0.5  # unadjusted, most suites have one


@pytest.mark.parametrize(
    ("claim", "difference", "expected"),
    [
        (HIGHER, 2.9, "published difference"),
        (HIGHER, -40.0, "published difference"),
        (HIGHER, 3.1, "order only"),
        (replace(HIGHER, published_difference=None), 2.0, "order only"),
        (replace(HIGHER, published_difference=None, second=replace(B, run="floor")), 2.0, "sanity"),
        (replace(HIGHER, published_difference=None, first=replace(A, run="labels")), 2.0, "sanity"),
        (replace(HIGHER, published_difference=None, second=replace(B, run="classical")), 2.0, "sanity"),
        (replace(HIGHER, published_difference=None, second=replace(A, baseline="chance")), 2.0, "sanity"),
        (replace(HIGHER, second=replace(B, run="floor")), 2.0, "published difference"),
        (replace(CLOSE, published_difference=None, second=replace(B, run="floor")), 2.0, "order only"),
    ],
)
def test_kinds(claim, difference, expected):
    group = SimpleNamespace(roles={role: role for role in ("floor", "classical", "labels")})
    assert kind(claim, group, Interval(difference, 1.0, 3)) == expected
