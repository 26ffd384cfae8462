"""Levels of an ablation: runs at no position, and where the lines reach them."""

import pytest

from selfsup.report.intervals import Interval
from selfsup.report.levels import crossings

CURVES = {"a": {0.25: 20.0, 1.0: 40.0, 4.0: 60.0}, "b": {0.25: 55.0, 1.0: 65.0}, "c": {0.25: 10.0, 1.0: 30.0}}


def test_where_each_line_reaches_a_level_over_the_logarithm_of_the_axis():
    (sentence,) = crossings(CURVES, {"hog": Interval(50.0, 0.5, 3)}, "%")
    assert sentence == "hog (50.0 ± 0.5): reached by a at 2, b at 0.25 or below; not reached by c."


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        (5.0, "reached by a at 0.25 or below, b at 0.25 or below, c at 0.25 or below"),
        (90.0, "not reached by a, b, c"),
    ],
)
def test_a_level_may_be_reached_by_all_lines_or_by_none(level, lines):
    (sentence,) = crossings(CURVES, {"hog": Interval(level, None, 1)}, "%")
    assert sentence == f"hog ({level}): {lines}."
