"""Copying through pointers against explicit loops in float64, written from the paper's equations 1 to 3."""

import pytest
import torch

from selfsup.losses import colorization as module
from tests.losses.mutation import mutant

TEMPERATURE, UNIFORM = 0.3, 0.05


def reference(query, keys, values, target):
    """A_ij = exp(f_i . f_j / T) / sum_j, y_i = sum_j A_ij c_j, and the mean of -log((1 - u) y_i[c_i] + u / K)."""
    losses = []
    for n in range(len(query)):
        for i in range(query.shape[1]):
            likeness = [torch.exp(query[n, i] @ keys[n, j] / TEMPERATURE) for j in range(keys.shape[1])]
            pointed = [weight / sum(likeness) for weight in likeness]
            colour = sum(weight * values[n, j] for j, weight in enumerate(pointed))
            right = (1 - UNIFORM) * colour[target[n, i]] + UNIFORM / values.shape[2]
            losses.append(-torch.log(right))
    return torch.stack(losses).mean()


def places(batch=2, asked=3, held=5, features=4, colours=3):
    """Unrelated embeddings and colours: nothing symmetric that could hide an error; one colour is nowhere held."""
    draws = torch.Generator().manual_seed(4)
    query = torch.randn(batch, asked, features, generator=draws, dtype=torch.float64).requires_grad_()
    keys = torch.randn(batch, held, features, generator=draws, dtype=torch.float64).requires_grad_()
    colour = torch.randint(0, colours - 1, (batch, held), generator=draws)
    values = torch.nn.functional.one_hot(colour, colours).double()
    target = torch.randint(0, colours, (batch, asked), generator=draws)
    target[0, 0] = colours - 1
    return query, keys, values, target


def loss_of(pointers, query, keys, values, target):
    return pointers.copied_cross_entropy(pointers.copied(query, keys, values, TEMPERATURE), target, UNIFORM)


def check(pointers):
    """Compare value and gradients with the reference."""
    query, keys, values, target = places()
    expected, found = reference(query, keys, values, target), loss_of(pointers, query, keys, values, target)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(found, (query, keys))
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (query, keys)), rtol=1e-9, atol=1e-11)


def test_equals_the_paper():
    check(module)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return -mixed.log().mean()", "return mixed.log().mean()"),
        ("query / temperature", "query * temperature"),
        ("transpose(1, 2), -1)", "transpose(1, 2), 1)"),
        ("(1 - uniform_fraction) * correct", "correct"),
        ("uniform_fraction / probability.shape[-1]", "uniform_fraction"),
        ("@ keys.transpose", "@ keys.detach().transpose"),
    ],
)
def test_the_check_notices(before, after):
    with pytest.raises((AssertionError, RuntimeError)):
        check(mutant(module, before, after))


@pytest.mark.parametrize("weights", [1, 10, 29])
def test_chunks_change_nothing(weights, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_WEIGHTS", weights)
    check(module)


def test_pointers_are_never_all_in_memory(monkeypatch):
    """At most CHUNK_WEIGHTS of them are made at once, in both directions."""
    made = []
    whole = module.pointers
    monkeypatch.setattr(module, "CHUNK_WEIGHTS", 24)
    monkeypatch.setattr(module, "pointers", lambda *x: made.append(whole(*x)) or made[-1])
    query, keys, values, target = places(asked=9)
    loss_of(module, query, keys, values, target).backward()
    assert max(pointed.numel() for pointed in made) <= 24
    assert sum(pointed.numel() for pointed in made) == 2 * 2 * 9 * 5  # again for the gradient


def test_a_position_copies_from_its_equal():
    draws = torch.Generator().manual_seed(0)
    keys = torch.nn.functional.normalize(torch.randn(1, 6, 16, generator=draws), dim=-1)
    order = torch.randperm(6, generator=draws)
    found = module.copied(keys[:, order], keys, torch.eye(6)[None], 0.01)
    assert torch.equal(found[0].argmax(1), order)
    torch.testing.assert_close(module.pointers(keys, keys, 0.7).sum(-1), torch.ones(1, 6))
