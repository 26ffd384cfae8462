"""Intervals over test examples: of frames over utterances, of few examples, and how often they hold the truth."""

import numpy as np
import pytest
import torch
from scipy import stats

from selfsup.evaluations.metrics import bootstrap
from selfsup.evaluations.metrics.bootstrap import frame_accuracy, mean, ratio
from selfsup.results import FEW_EXAMPLES, PERCENT, accuracy, t_interval


def test_accuracy_is_over_frames_and_n_counts_utterances():
    correct = np.array([True, True, False, True, False, False])
    measure = frame_accuracy(correct, np.array([4, 4, 4, 7, 7, 9]), layer="context")
    assert measure.value == pytest.approx(50)
    assert (measure.n, measure.metric, measure.layer, measure.unit) == (3, "top1", "context", "%")


def test_errors_clustered_in_utterances_widen_the_interval():
    """A hundred utterances of ten frames: all right or all wrong, against as many errors anywhere."""
    rng = np.random.default_rng(0)
    utterance = np.repeat(np.arange(100), 10)
    together = np.repeat(rng.random(100) < 0.5, 10)
    apart = rng.permutation(together)
    wide, narrow = (frame_accuracy(correct, utterance, "x") for correct in (together, apart))
    width = [measure.boot_high - measure.boot_low for measure in (wide, narrow)]
    assert width[0] == pytest.approx(2 * 1.96 * 5, rel=0.15)  # of a mean of a hundred coins
    assert width[1] < 0.5 * width[0]


def test_a_perfect_accuracy_has_no_interval():
    measure = frame_accuracy(np.ones(12, bool), np.arange(12) // 3, "x")
    assert (measure.boot_low, measure.value, measure.boot_high) == (100, 100, 100)


def test_few_examples_have_a_t_interval_and_many_a_bootstrap():
    values = 100 * torch.rand(FEW_EXAMPLES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    few, many = mean("j_mean", "%", values[:10]), mean("j_mean", "%", values)
    expected = stats.t.interval(0.95, 9, loc=values[:10].mean(), scale=stats.sem(values[:10]))
    assert (few.boot_low, few.boot_high) == pytest.approx(expected)
    resampled = bootstrap._resampled_counts(FEW_EXAMPLES, bootstrap.RESAMPLES) @ values.numpy() / FEW_EXAMPLES
    assert (many.boot_low, many.boot_high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])))
    assert (mean("j_mean", "%", values[:1]).boot_low, mean("j_mean", "%", values[:1]).boot_high) == (None, None)


def test_an_interval_of_a_percentage_ends_at_0_and_100():
    nearly = torch.tensor([100.0] * 9 + [60.0], dtype=torch.float64)
    assert mean("j_recall", "%", nearly).boot_high == 100
    assert mean("pck", "%", 100 - nearly).boot_low == 0
    assert mean("pretext_bits", "bits", 100 - nearly).boot_low < 0


def test_few_answers_have_a_t_interval():
    correct = np.arange(20) % 4 > 0
    found = accuracy(correct)
    expected = stats.t.interval(0.95, 19, loc=75, scale=stats.sem(100 * correct))
    assert (found.boot_low, found.boot_high) == pytest.approx(expected)
    twice = accuracy(np.stack([correct, ~correct]))  # each example is right in one of two draws
    assert twice.boot_low == twice.value == twice.boot_high == 50


def test_the_interval_of_a_ratio_is_that_of_a_mean_where_denominators_are_equal():
    values, same = torch.rand(12, generator=torch.Generator().manual_seed(1)).double(), torch.full((12,), 4.0).double()
    found, of_mean = ratio("sharpness", "ratio", values, same), mean("sharpness", "ratio", values / 4)
    assert (found.value, found.boot_low) == pytest.approx((of_mean.value, of_mean.boot_low))


def test_ten_clips_hold_the_truth_in_95_of_100_test_sets():
    """Scores of ten clips, skewed as J is. The percentile bootstrap holds it in fewer than 91."""
    draws = np.random.default_rng(0).beta(4, 2, size=(1500, 10))
    truth, ones = 4 / 6, np.ones(10)
    intervals = np.array([t_interval(scores, ones, PERCENT) for scores in draws])
    assert 0.93 < np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])) < 0.97
    counts = bootstrap._resampled_counts(10, 400)
    low, high = np.quantile(draws @ counts.T / 10, [0.025, 0.975], axis=1)
    assert np.mean((low <= truth) & (truth <= high)) < 0.91
