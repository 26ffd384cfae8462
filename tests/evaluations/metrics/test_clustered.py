"""The accuracy over frames and its interval over utterances."""

import numpy as np
import pytest

from selfsup.evaluations.metrics.clustered import accuracy_of_frames


def test_the_accuracy_is_of_frames_and_n_of_utterances():
    correct = np.array([True, True, False, True, False, False])
    measure = accuracy_of_frames(correct, np.array([4, 4, 4, 7, 7, 9]), layer="context")
    assert measure.value == pytest.approx(50)
    assert (measure.n, measure.metric, measure.layer, measure.unit) == (3, "top1", "context", "%")


def test_errors_that_come_in_utterances_make_the_interval_wider():
    """A hundred utterances of ten frames: all right or all wrong, against as many errors anywhere."""
    rng = np.random.default_rng(0)
    utterance = np.repeat(np.arange(100), 10)
    together = np.repeat(rng.random(100) < 0.5, 10)
    apart = rng.permutation(together)
    wide, narrow = (accuracy_of_frames(correct, utterance, "x") for correct in (together, apart))
    width = [measure.boot_high - measure.boot_low for measure in (wide, narrow)]
    assert width[0] == pytest.approx(2 * 1.96 * 5, rel=0.15)  # of a mean of a hundred coins
    assert width[1] < 0.5 * width[0]


def test_certainty_has_no_width():
    measure = accuracy_of_frames(np.ones(12, bool), np.arange(12) // 3, "x")
    assert (measure.boot_low, measure.value, measure.boot_high) == (100, 100, 100)
