"""The pixelwise contrastive loss against a loop in float64, written from the paper's equations."""

import pytest
import torch

from selfsup.losses import pixelwise_contrastive as module
from tests.losses.mutation import mutant


def descriptors(queries=4, others=5, dimension=3):
    """Queries (Q, D), matches (Q, D) and non-matches (Q, K, D), some nearer than 1 and some farther; which of them count."""
    generator = torch.Generator().manual_seed(3)
    query, match = (torch.randn(queries, dimension, generator=generator, dtype=torch.float64) for _ in range(2))
    other = query[:, None] + 0.9 * torch.randn(queries, others, dimension, generator=generator, dtype=torch.float64)
    leaves = [t.detach().requires_grad_() for t in (query, 0.6 * match + 0.4 * query, other)]
    match_counts = torch.tensor([True, True, False, True])
    other_counts = torch.rand(queries, others, generator=generator) < 0.8
    return (*leaves, match_counts, other_counts)


def length(u, v):
    """The Euclidean distance, one component at a time."""
    return sum((u[d] - v[d]) ** 2 for d in range(len(u))) ** 0.5


def reference_match(query, match, counts):
    found = [length(query[i], match[i]) ** 2 for i in range(len(query)) if counts[i]]
    return sum(found) / len(found)


def reference_non_match(query, other, counts, margin):
    """The sum of max(0, M - D)^2, the number of hard ones, M - D > 0, and of all."""
    pairs = [(i, k) for i in range(len(query)) for k in range(other.shape[1]) if counts[i, k]]
    short = [margin - length(query[i], other[i, k]) for i, k in pairs]
    hard = [s for s in short if s.item() > 0]
    return sum(s**2 for s in hard), len(hard), len(pairs)


def check(losses, margin=1.2):
    query, match, other, match_counts, other_counts = descriptors()
    matched = losses.match_loss(query, match, match_counts)
    apart, hard, every = losses.non_match_sums(query[:, None], other, other_counts, margin)
    expected_match = reference_match(query, match, match_counts)
    expected_apart, expected_hard, expected_every = reference_non_match(query, other, other_counts, margin)
    assert 0 < expected_hard < expected_every < other_counts.numel()
    for ours, expected in ((matched, expected_match), (apart, expected_apart)):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)
        leaves = (query, match, other)
        mine, theirs = (
            torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True) for loss in (ours, expected)
        )
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-11)
    assert (hard.item(), every.item()) == (expected_hard, expected_every)


@pytest.mark.parametrize("margin", [0.8, 1.2])
def test_equals_the_paper(margin):
    check(module, margin)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(margin - distance)", "(distance - margin)"),
        ("(margin - distance).clamp(min=0)", "(margin - distance)"),
        ("short.square()", "short"),
        ("(short > 0).sum()", "counts.sum()"),
        ("first.to(compute_dtype) - second", "first.detach().to(compute_dtype) - second"),
        ("(squared * counts)", "squared"),
        (".clamp(min=0) * counts", ".clamp(min=0)"),
        (".square().sum(-1)", ".norm(dim=-1)"),
    ],
    ids=["sign", "hinge", "square", "hard ones", "stopped", "every match", "every non-match", "root"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after))


def test_no_gradient_goes_through_non_matches_beyond_the_margin():
    query = torch.tensor([[0.0, 0.0]], requires_grad=True)
    other = torch.tensor([[[3.0, 4.0], [0.3, 0.4]]], requires_grad=True)
    counts = torch.ones(1, 2, dtype=torch.bool)
    loss, hard, every = module.non_match_sums(query[:, None], other, counts, 1.0)
    loss.backward()
    assert loss.item() == pytest.approx(0.25)
    assert (hard.item(), every.item()) == (1, 2)
    assert torch.equal(other.grad[0, 0], torch.zeros(2))
    assert other.grad[0, 1].norm() > 0
    torch.testing.assert_close(query.grad[0], -other.grad[0, 1])


def test_equal_descriptors_and_nothing_that_counts_give_finite_gradients():
    for counts in (torch.ones(3, 2, dtype=torch.bool), torch.zeros(3, 2, dtype=torch.bool)):
        query = torch.ones(3, 4, requires_grad=True)
        loss, hard, _ = module.non_match_sums(query[:, None], torch.ones(3, 2, 4), counts, 0.5)
        total = loss + module.match_loss(query, torch.ones(3, 4), counts[:, 0])
        total.backward()
        assert query.grad.isfinite().all()
        assert loss.item() == pytest.approx(0.25 * counts.sum())
        assert hard == counts.sum()


def test_autocast_does_not_round_the_distances():
    query, match, other, match_counts, other_counts = (t.detach() for t in descriptors())
    rounded = [t.bfloat16() for t in (query, match, other)]
    whole = [t.float() for t in rounded]
    with torch.autocast("cpu", torch.bfloat16):
        matched = module.match_loss(rounded[0], rounded[1], match_counts)
        apart, *_ = module.non_match_sums(rounded[0][:, None], rounded[2], other_counts, 1.2)
    assert torch.equal(matched, module.match_loss(whole[0], whole[1], match_counts))
    assert torch.equal(apart, module.non_match_sums(whole[0][:, None], whole[2], other_counts, 1.2)[0])
