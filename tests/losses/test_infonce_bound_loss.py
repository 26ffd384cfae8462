"""The InfoNCE estimate against explicit loops in float64, and the ceiling that no scores can break."""

import math

import pytest
import torch

from selfsup.losses import info_nce as module
from tests.losses.mutation import mutant


def reference(scores):
    """1/N sum_i log(e^f(i, i) / (1/N sum_j e^f(i, j))), Poole 2019, equation 10."""
    count = len(scores)
    total = 0.0
    for i in range(count):
        mean = sum(torch.exp(scores[i, j]) for j in range(count)) / count
        total = total + torch.log(torch.exp(scores[i, i]) / mean)
    return total / count


def drawn(count=6, spread=1.5, seed=2):
    return spread * torch.randn(count, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def check(infonce_bound):
    scores = drawn().requires_grad_()
    expected, estimate = reference(scores), infonce_bound(scores)
    torch.testing.assert_close(estimate, expected, rtol=1e-10, atol=1e-12)
    gradients = [torch.autograd.grad(value, scores)[0] for value in (estimate, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-11)


def test_equals_the_paper():
    check(module.infonce_bound)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scores.diagonal() -", "-scores.diagonal() +"),
        ("dim=1", "dim=0"),
        ("+ math.log(len(scores))", "- math.log(len(scores))"),
        ("math.log(len(scores))", "math.log(len(scores) - 1)"),
        ("torch.logsumexp(scores,", "torch.logsumexp(scores.detach(),"),
        ("log_ratio.mean()", "log_ratio.sum()"),
    ],
    ids=["sign", "axis", "ceiling", "count", "stopped-gradient", "sum"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after, "infonce_bound").infonce_bound)


@pytest.mark.parametrize("count", [2, 5, 64])
@pytest.mark.parametrize("spread", [0.0, 1.0, 1e3])
def test_no_scores_exceed_log_n(count, spread):
    for seed in range(5):
        assert module.infonce_bound(drawn(count, spread, seed)) <= math.log(count) + 1e-12


def test_perfect_scores_reach_log_n_and_equal_ones_zero():
    assert module.infonce_bound(1e3 * torch.eye(16)).item() == pytest.approx(math.log(16), abs=1e-6)
    assert module.infonce_bound(torch.ones(16, 16)).item() == pytest.approx(0, abs=1e-6)
