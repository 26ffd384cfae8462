"""The interval against scipy's own, and the cases at its edge."""

import math

import numpy as np
import pytest
from scipy import stats

from selfsup.report.claims_table import signed
from selfsup.report.intervals import Interval, detectable_difference, mean_interval, p_value, paired_interval


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_equals_scipys_t_interval(n):
    values = np.random.default_rng(n).normal(50, 2, n)
    low, high = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    found = mean_interval(values)
    assert (found.low, found.high, found.n) == (pytest.approx(low), pytest.approx(high), n)


def test_three_seeds_by_hand():
    found = mean_interval([70.0, 71.0, 72.0])
    assert found.mean == 71.0
    assert found.half_width == pytest.approx(4.302653 * 1.0 / math.sqrt(3), rel=1e-6)


def test_one_seed_has_no_interval():
    found = mean_interval([70.0])
    assert found.half_width is None
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_pairs_are_the_common_seeds_only():
    found = paired_interval({0: 10.0, 1: 20.0, 7: 99.0}, {1: 18.0, 0: 9.0, 8: 1.0})
    assert (found.mean, found.n) == (1.5, 2)
    assert paired_interval({0: 1.0}, {1: 1.0}) is None


def test_pairing_takes_out_what_a_seed_does_to_both():
    seeds = {0: 10.0, 1: 50.0, 2: 90.0}
    shifted = {seed: value - 2 + 0.1 * seed for seed, value in seeds.items()}
    assert paired_interval(seeds, shifted).low > 0
    assert mean_interval(list(seeds.values())).low < mean_interval(list(shifted.values())).high


@pytest.mark.parametrize(("n", "bound"), [(2, 0.0), (3, 0.0), (5, 1.5)])
def test_p_is_scipys_and_agrees_with_the_interval(n, bound):
    for values in np.random.default_rng(n).normal(1, 1, (200, n)):
        interval = mean_interval(values)
        p = p_value(interval, bound)
        assert p == pytest.approx(stats.ttest_1samp(values, bound).pvalue, rel=1e-9)
        assert (p < 0.05) == (not interval.low <= bound <= interval.high)


def test_p_without_any_spread():
    assert p_value(mean_interval([2.0, 2.0])) == 0.0
    assert p_value(mean_interval([0.0, 0.0])) == 1.0


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_detectable_difference_is_found_in_four_of_five_experiments(n):
    """Of seeds whose spread is known to be 1: a true difference of the noncentrality times the standard error."""
    ones = mean_interval(np.array([1.0, -1.0] * n)[:n])
    standard_error = 1 / math.sqrt(n)
    true = detectable_difference(ones) / ones.standard_error * standard_error
    samples = np.random.default_rng(n).normal(true, 1, (40000, n))
    power = (stats.ttest_1samp(samples, 0.0, axis=1).pvalue < 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Interval(0.7, 0.6, 3), "+0.7 [+0.1, +1.3]"),
        (Interval(0.03, 0.01, 3), "+0.03 [+0.02, +0.04]"),
        (Interval(1.2, 1.21, 3), "+1.20 [\N{MINUS SIGN}0.01, +2.41]"),
        (Interval(0.0, 1.5, 3), "+0.0 [\N{MINUS SIGN}1.5, +1.5]"),
        (Interval(1e-9, 0.0, 3), "+0.0000 [+0.0000, +0.0000]"),
        (Interval(0.0, 0.0, 3), "+0.0 [+0.0, +0.0]"),
        (Interval(0.04, None, 1), "+0.0"),
    ],
)
def test_a_bound_beside_zero_is_not_printed_as_zero(difference, text):
    assert signed(difference, "%") == text
