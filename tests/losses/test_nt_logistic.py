"""NT-Logistic against a loop in float64, written from the paper's table 2."""

import math

import pytest
import torch

from selfsup.losses import negatives as module
from tests.losses.mutation import mutant
from tests.losses.view_pairs import anchors, pairs, semi_hard

TEMPERATURE = 0.3


def log_sigmoid(x):
    return -torch.log(1 + torch.exp(-x))


def reference(first, second, temperature, kind):
    """The mean over rows of -log sigmoid(s+ / t) - mean over its negatives of log sigmoid(-s- / t)."""
    total = 0.0
    for positive, negatives in anchors(first, second):
        used = negatives if kind == "all" else semi_hard(positive, negatives)
        total = total - log_sigmoid(positive / temperature)
        total = total - sum(log_sigmoid(-s / temperature) for s in used) / max(1, len(used))
    return total / (2 * len(first))


def check(nt_logistic, kind):
    first, second = pairs()
    expected = reference(first, second, TEMPERATURE, kind)
    loss, _ = nt_logistic(first, second, TEMPERATURE, kind)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(loss, (first, second), allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (first, second)), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["all", "semi_hard"])
def test_equals_the_paper(kind):
    check(module.nt_logistic, kind)


@pytest.mark.parametrize("kind", ["all", "semi_hard"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("F.softplus(-positive / temperature)", "F.softplus(positive / temperature)"),
        ("F.softplus(similarity / temperature)", "F.softplus(-similarity / temperature)"),
        ("F.softplus(similarity / temperature)", "F.softplus(similarity * temperature)"),
        ("F.softplus(-positive / temperature)", "F.softplus(-positive.detach() / temperature)"),
        (
            "second.to(compute_dtype))\n        negative_terms",
            "second.detach().to(compute_dtype))\n        negative_terms",
        ),
        ("negative_terms.sum(1)", "negative_terms.mean(1)"),
    ],
    ids=["sign+", "sign-", "temperature", "stopped-positive", "stopped-view", "diluted"],
)
def test_a_planted_error_is_noticed(before, after, kind):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after, "nt_logistic").nt_logistic, kind)


def check_under_autocast(nt_logistic):
    """Under bfloat16 autocast the loss of bfloat16 inputs is the float32 loss of the same numbers."""
    rounded = [rows.detach().bfloat16() for rows in pairs()]
    expected, _ = module.nt_logistic(*(rows.float() for rows in rounded), 0.07, "all")
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = nt_logistic(*rounded, 0.07, "all")
    assert loss.dtype == torch.float32
    assert torch.equal(loss, expected)


def test_autocast_does_not_round_the_cosines():
    check_under_autocast(module.nt_logistic)
    for before, after in (
        ("enabled=False", "dtype=torch.bfloat16"),
        ("first.dtype, torch.float32", "first.dtype, first.dtype"),
    ):
        with pytest.raises(AssertionError):
            check_under_autocast(mutant(module, before, after, "nt_logistic").nt_logistic)


def test_value_by_hand():
    """Views agree, images are orthogonal, temperature 1: log(1 + 1/e) + log 2, and every row is right."""
    z = torch.eye(2)
    loss, correct = module.nt_logistic(z, 3 * z, 1.0, "all")
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)) + math.log(2), abs=1e-6)
    assert correct.tolist() == [True] * 4
