"""NT-Xent against a triple loop in float64, written from the paper's equation 1."""

import math

import pytest
import torch

from selfsup.losses import nt_xent as module
from tests.losses.mutation import mutant
from tests.losses.view_pairs import cosine

TEMPERATURE = 0.3


def reference(first, second, temperature):
    """L = 1/(2N) sum_i l(i, j(i)), l(i, j) = -log(exp(s_ij / t) / sum over k != i of exp(s_ik / t))."""
    z = [*first, *second]
    total = 0.0
    for i in range(len(z)):
        j = (i + len(first)) % len(z)
        others = [torch.exp(cosine(z[i], z[k]) / temperature) for k in range(len(z)) if k != i]
        total = total - torch.log(torch.exp(cosine(z[i], z[j]) / temperature) / sum(others))
    return total / len(z)


def pairs(count=5, features=7):
    """Two unrelated sets of rows of unlike lengths: nothing symmetric that could hide an error."""
    generator = torch.Generator().manual_seed(3)
    first = torch.randn(count, features, generator=generator, dtype=torch.float64)
    second = 2.5 * torch.randn(count, features, generator=generator, dtype=torch.float64) + 0.4
    return first.requires_grad_(), second.requires_grad_()


def check(nt_xent):
    """Compare value and both gradients with the reference."""
    first, second = pairs()
    expected = reference(first, second, TEMPERATURE)
    loss, _ = nt_xent(first, second, TEMPERATURE)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(loss, (first, second), allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (first, second)), rtol=1e-9, atol=1e-11)


def test_equals_the_paper():
    check(module.nt_xent)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("z @ z.T / temperature", "-z @ z.T / temperature"),
        ("z @ z.T / temperature", "z @ z.T * temperature"),
        (".masked_fill(itself, -torch.inf)", ""),
        ("rows.roll(len(first))", "rows.roll(1)"),
        ("torch.cat([first, second])", "torch.cat([first, second.detach()])"),
        ("F.normalize(both, dim=1)", "both"),
    ],
    ids=["sign", "temperature", "own-negative", "wrong-positive", "stopped-gradient", "no-cosine"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after).nt_xent)


def check_under_autocast(nt_xent):
    """Under bfloat16 autocast the loss of bfloat16 inputs is the float32 loss of the same numbers."""
    rounded = [rows.detach().bfloat16() for rows in pairs()]
    expected, _ = module.nt_xent(*(rows.float() for rows in rounded), 0.07)
    for given in (rounded, [rows.float() for rows in rounded]):
        with torch.autocast("cpu", torch.bfloat16):
            loss, _ = nt_xent(*given, 0.07)
        assert loss.dtype == torch.float32
        assert torch.equal(loss, expected)


def test_autocast_does_not_round_the_logits():
    check_under_autocast(module.nt_xent)


@pytest.mark.parametrize(
    ("before", "after"),
    [("enabled=False", "dtype=torch.bfloat16"), ("torch.promote_types(first.dtype, torch.float32)", "first.dtype")],
    ids=["autocast", "dtype"],
)
def test_rounded_logits_would_be_noticed(before, after):
    with pytest.raises(AssertionError):
        check_under_autocast(mutant(module, before, after).nt_xent)


def test_value_by_hand():
    """Two images whose views agree and which are orthogonal: -log(e / (e + 2)) at temperature 1."""
    z = torch.eye(2)
    loss, correct = module.nt_xent(z, 3 * z, 1.0)
    assert loss.item() == pytest.approx(-math.log(math.e / (math.e + 2)), abs=1e-6)
    assert correct.tolist() == [True] * 4


def test_nearest_neighbour_is_per_row():
    """Image 0's views point away from each other, image 1's nearly agree."""
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[-1.0, 0.0], [0.1, 1.0]])
    assert module.nt_xent(first, second, 0.5)[1].tolist() == [False, True, False, True]
