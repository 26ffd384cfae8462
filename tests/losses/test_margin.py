"""The margin triplet loss against a loop in float64, written from the paper's table 2."""

import pytest
import torch

from selfsup.losses import negatives as module
from tests.losses.mutation import mutant
from tests.losses.view_pairs import anchors, pairs, semi_hard

KINDS = ["all", "semi_hard"]


def reference(first, second, margin, kind):
    """The mean over rows of the mean over its negatives of max(s- - s+ + m, 0)."""
    total = 0.0
    for positive, negatives in anchors(first, second):
        used = negatives if kind == "all" else semi_hard(positive, negatives, margin)
        total = total + sum(max(s - positive + margin, 0 * s) for s in used) / max(1, len(used))
    return total / (2 * len(first))


def check(margin_triplet, kind, margin=0.4):
    first, second = pairs()
    expected = reference(first, second, margin, kind)
    loss, _ = margin_triplet(first, second, margin, kind)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(loss, (first, second), allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (first, second)), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("margin", [0.05, 0.4, 1.6])
def test_equals_the_paper(kind, margin):
    check(module.margin_triplet, kind, margin)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("similarity - positive + margin", "positive - similarity + margin"),
        ("similarity - positive + margin", "similarity - positive - margin"),
        ("similarity - positive + margin", "similarity - positive.detach() + margin"),
        ("first.to(compute_dtype), second", "first.detach().to(compute_dtype), second"),
        (".sum(1).mean()", ".mean(1).mean()"),
    ],
    ids=["sign", "margin", "stopped-positive", "stopped-view", "diluted"],
)
def test_a_planted_error_is_noticed(before, after, kind):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after, "margin_triplet").margin_triplet, kind)


def test_mining_without_the_margin_is_noticed():
    """A negative beyond the margin must not be mined: it would be the only one of its row and count 0."""
    first, second = pairs()
    positive_and_negatives = list(anchors(first, second))
    assert any(semi_hard(p, n) and not semi_hard(p, n, 0.1) for p, n in positive_and_negatives)
    assert any(semi_hard(p, n, 0.4) != [max(n)] for p, n in positive_and_negatives)


def check_under_autocast(margin_triplet):
    """Under bfloat16 autocast the loss of bfloat16 inputs is the float32 loss of the same numbers."""
    rounded = [rows.detach().bfloat16() for rows in pairs()]
    expected, _ = module.margin_triplet(*(rows.float() for rows in rounded), 0.4, "all")
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = margin_triplet(*rounded, 0.4, "all")
    assert loss.dtype == torch.float32
    assert torch.equal(loss, expected)


def test_autocast_does_not_round_the_cosines():
    check_under_autocast(module.margin_triplet)
    for before, after in (
        ("enabled=False", "dtype=torch.bfloat16"),
        ("first.dtype, torch.float32", "first.dtype, first.dtype"),
    ):
        with pytest.raises(AssertionError):
            check_under_autocast(mutant(module, before, after, "margin_triplet").margin_triplet)


def test_value_by_hand():
    """Views agree and images are orthogonal: 0 up to a margin of 1, then what is above it."""
    z = torch.eye(2)
    assert module.margin_triplet(z, 3 * z, 0.9, "all")[0].item() == pytest.approx(0, abs=1e-6)
    loss, correct = module.margin_triplet(z, 3 * z, 1.5, "all")
    assert loss.item() == pytest.approx(0.5, abs=1e-6)
    assert correct.tolist() == [True] * 4
