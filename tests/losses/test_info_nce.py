"""InfoNCE against a triple loop in float64, written from the paper's equation 1."""

import math

import pytest
import torch
from torch.nn import functional as F

from selfsup.losses import info_nce as module
from tests.losses.mutation import mutant

TEMPERATURE = 0.15


def dot(u, v):
    return sum(u[d] * v[d] for d in range(len(u)))


def reference(query, key, queue, temperature):
    """L = mean over q of -log(exp(q k+ / t) / sum over its key and the queue of exp(q k_i / t))."""
    total = 0.0
    for i in range(len(query)):
        positive = torch.exp(dot(query[i], key[i]) / temperature)
        negatives = [torch.exp(dot(query[i], queue[k]) / temperature) for k in range(len(queue))]
        total = total - torch.log(positive / (positive + sum(negatives)))
    return total / len(query)


def inputs(count=4, length=9, features=6):
    generator = torch.Generator().manual_seed(5)
    draw = [torch.randn(n, features, generator=generator, dtype=torch.float64) for n in (count, count, length)]
    query, key, queue = (F.normalize(rows, dim=1).requires_grad_() for rows in draw)
    return query, key, queue


def check(info_nce):
    """Compare the value and the query's gradient with the reference; keys and queue must get none."""
    query, key, queue = inputs()
    expected = reference(query, key.detach(), queue.detach(), TEMPERATURE)
    loss, _ = info_nce(query, key, queue, TEMPERATURE)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    of_query, of_key, of_queue = torch.autograd.grad(
        loss, (query, key, queue), allow_unused=True, materialize_grads=True
    )
    torch.testing.assert_close(of_query, torch.autograd.grad(expected, query)[0], rtol=1e-9, atol=1e-11)
    assert of_key.abs().max() == 0
    assert of_queue.abs().max() == 0


def test_equals_the_paper():
    check(module.info_nce)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(query * key.detach()).sum", "-(query * key.detach()).sum"),
        (", dim=1) / temperature", ", dim=1) * temperature"),
        ("key.detach()", "key"),
        ("queue.detach()", "queue"),
        ("torch.cat([positive, negatives], dim=1)", "torch.cat([positive, negatives[:, 1:]], dim=1)"),
        ("negatives = query @", "negatives = query.detach() @"),
    ],
    ids=["sign", "temperature", "key-not-detached", "queue-not-detached", "lost-negative", "stopped-gradient"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after, "info_nce").info_nce)


def check_exclude_mask(info_nce):
    """Entries that are left out are as if they were not in that query's queue."""
    query, key, queue = (rows.detach() for rows in inputs())
    exclude_mask = torch.rand(4, 9, generator=torch.Generator().manual_seed(0)) < 0.3
    exclude_mask[1] = False
    rest = [queue[~row] for row in exclude_mask]
    each = [reference(query[i : i + 1], key[i : i + 1], rest[i], TEMPERATURE) for i in range(4)]
    query.requires_grad_()
    loss, correct = info_nce(query, key, queue, TEMPERATURE, exclude_mask)
    torch.testing.assert_close(loss, sum(each) / 4, rtol=1e-10, atol=1e-12)
    assert torch.autograd.grad(loss, query)[0].isfinite().all()
    nearer = [all(dot(query[i], key[i]) > dot(query[i], entry) for entry in rest[i]) for i in range(4)]
    assert correct.tolist() == nearer


def test_entries_can_be_excluded_from_a_querys_negatives():
    check_exclude_mask(module.info_nce)
    for before, after in (
        ("masked_fill(exclude_mask", "masked_fill(~exclude_mask"),
        ("exclude_mask, -torch.inf", "exclude_mask, 0.0"),
    ):
        with pytest.raises(AssertionError):
            check_exclude_mask(mutant(module, before, after, "info_nce").info_nce)


def check_under_autocast(info_nce):
    """Under bfloat16 autocast the loss of bfloat16 inputs is the float32 loss of the same numbers."""
    rounded = [rows.detach().bfloat16() for rows in inputs()]
    expected, _ = module.info_nce(*(rows.float() for rows in rounded), 0.07)
    for given in (rounded, [rows.float() for rows in rounded]):
        with torch.autocast("cpu", torch.bfloat16):
            loss, _ = info_nce(*given, 0.07)
        assert loss.dtype == torch.float32
        assert torch.equal(loss, expected)


def test_autocast_does_not_round_the_logits():
    check_under_autocast(module.info_nce)


@pytest.mark.parametrize(
    ("before", "after"),
    [("enabled=False", "dtype=torch.bfloat16"), ("torch.promote_types(query.dtype, torch.float32)", "query.dtype")],
    ids=["autocast", "dtype"],
)
def test_rounded_logits_would_be_noticed(before, after):
    with pytest.raises(AssertionError):
        check_under_autocast(mutant(module, before, after, "info_nce").info_nce)


def test_value_by_hand():
    """A query at its key, both orthogonal to two negatives: -log(e / (e + 2)) at temperature 1."""
    x, y = torch.eye(2)
    loss, correct = module.info_nce(x[None], x[None], torch.stack([y, -y]), 1.0)
    assert loss.item() == pytest.approx(-math.log(math.e / (math.e + 2)), abs=1e-6)
    assert correct.tolist() == [True]


def test_collapse_is_not_success():
    """All embeddings equal: no key is nearer than a negative, so nothing counts as matched."""
    same = torch.eye(4)[:1]
    assert module.info_nce(same.repeat(3, 1), same.repeat(3, 1), same.repeat(5, 1), 0.2)[1].sum() == 0
