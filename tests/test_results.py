"""The result row: accuracies with their bootstrap and spread, and the JSON that holds them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from selfsup.results import Measure, accuracy, write_measures


def test_numpy_is_not_loaded_before_a_job_has_fixed_its_threads():
    check = "import sys, selfsup.results; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_accuracy_of_one_answer_each():
    found = accuracy(np.arange(400) % 4 > 0, layer="conv4")
    assert (found.metric, found.unit, found.value, found.n, found.layer) == ("top1", "%", 75.0, 400, "conv4")
    assert found.probe_sd is None
    half_width = 1.96 * 100 * np.sqrt(0.75 * 0.25 / 400)  # of the binomial's normal approximation
    assert found.boot_low == pytest.approx(75 - half_width, abs=0.4)
    assert found.boot_high == pytest.approx(75 + half_width, abs=0.4)


def test_accuracy_of_several_draws():
    same = np.arange(400) % 4 > 0
    found = accuracy(np.stack([same, same, ~same]))
    assert found.value == pytest.approx(100 * (0.75 + 0.75 + 0.25) / 3)
    assert found.probe_sd == pytest.approx(np.std([75, 75, 25], ddof=1))
    # An example is right in two draws of three or in one: the mean moves a third as much as one draw's.
    half_width = 1.96 * 100 * np.sqrt(0.75 * 0.25 / 400) / 3
    assert found.boot_high - found.value == pytest.approx(half_width, abs=0.2)


def test_all_right_and_all_wrong_have_no_width():
    for answer in (True, False):
        found = accuracy(np.full(50, answer))
        assert found.value == found.boot_low == found.boot_high == 100 * answer


def test_measures_are_written_with_eight_digits_and_small_numbers_survive(tmp_path):
    write_measures(tmp_path / "m.json", [Measure("gradient_norm", "", 1.23456789012e-7, 10)])
    [row] = json.loads((tmp_path / "m.json").read_text())["measures"]
    assert row["value"] == 1.2345679e-7
    assert row["n"] == 10
    assert set(row) == {"metric", "n", "split", "value"}


def test_what_is_not_finite_is_refused(tmp_path):
    with pytest.raises(ValueError):
        write_measures(tmp_path / "m.json", [Measure("top1", "%", float("nan"), 1)])


def test_what_does_not_apply_says_why(tmp_path):
    write_measures(tmp_path / "m.json", [], "no labels")
    assert json.loads((tmp_path / "m.json").read_text()) == {"measures": [], "not_applicable": "no labels"}


def test_what_is_empty_is_left_out_and_what_is_zero_is_not(tmp_path):
    """A column that is added later changes no byte of a file that does not use it."""
    write_measures(tmp_path / "m.json", [Measure("pck", "%", 0.0, 0, baseline="identity", at=0.0, shots=0)])
    [row] = json.loads((tmp_path / "m.json").read_text())["measures"]
    assert row == {
        **{"metric": "pck", "unit": "%", "value": 0.0, "n": 0, "split": "test"},
        **{"baseline": "identity", "at": 0.0, "shots": 0},
    }
