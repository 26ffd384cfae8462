import numpy as np
import pytest
import torch

from selfsup.evaluations.metrics.match_error import match_error, mean_over_pairs, measures, quantiles
from tests.evaluations.named import named


def test_the_error_is_in_percent_of_the_diagonal():
    found = torch.tensor([[3.0, 4.0], [0.0, 0.0], [30.0, 40.0]])
    error = match_error(found, torch.zeros(3, 2), (30, 40))  # the diagonal is 50
    assert error.tolist() == [10, 0, 100]


def test_measures_of_a_hand_made_case():
    """Three pairs with errors of 2, of 4 and 20, of 6 five times: a pair counts once, in the median a query."""
    errors = [torch.tensor([2.0]), torch.tensor([4.0, 20.0]), torch.full((5,), 6.0)]
    found = named(measures([e.double() for e in errors], [1, 5, 10.5], baseline="x"))
    assert set(found) == {"error/x", "error_median/x", "within@1/x", "within@5/x", "within@10.5/x"}
    assert found["error/x"].value == pytest.approx((2 + 12 + 6) / 3)
    assert found["error_median/x"].value == 6
    assert found["within@1/x"].value == 0
    assert found["within@5/x"].value == pytest.approx((100 + 50 + 0) / 3)
    assert found["within@10.5/x"].value == pytest.approx((100 + 50 + 100) / 3)
    assert {(m.n, m.unit, m.split) for m in found.values()} == {(3, "%", "test")}


def test_the_interval_is_that_of_pairs():
    values = [torch.tensor(float(v)) for v in np.random.default_rng(0).normal(10, 2, 400)]
    found = mean_over_pairs("error", "%", values)
    assert found.boot_high - found.boot_low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)
    assert found.boot_low < found.value < found.boot_high


def test_quantiles_are_those_of_all_queries():
    curve = quantiles([torch.arange(0, 101).double(), torch.arange(101, 201).double()])
    assert curve.shape == (201,)
    assert np.allclose(curve, np.arange(201))
