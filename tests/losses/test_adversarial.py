"""Both sides of the adversarial game against the logarithms of sigmoids in float64."""

import math

import pytest
import torch

from selfsup.losses import inpainting as module
from tests.losses.mutation import mutant


def probability(logit):
    return 1 / (1 + torch.exp(-logit))


def expected_of_discriminator(real, generated):
    """-mean log D(x) - mean log(1 - D(F(x))), one logit at a time."""
    of_real = sum(torch.log(probability(logit)) for logit in real.flatten()) / len(real)
    of_generated = sum(torch.log(1 - probability(logit)) for logit in generated.flatten()) / len(generated)
    return -of_real - of_generated


def expected_of_generator(generated):
    return -sum(torch.log(probability(logit)) for logit in generated.flatten()) / len(generated)


def logits():
    generator = torch.Generator().manual_seed(2)
    real, generated = (2 * torch.randn(count, 1, generator=generator, dtype=torch.float64) for count in (5, 4))
    return (real + 0.3).requires_grad_(), (generated - 0.7).requires_grad_()


def compare(loss, expected, inputs):
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = [
        torch.autograd.grad(value, inputs, allow_unused=True, materialize_grads=True) for value in (loss, expected)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


def check(found):
    real, generated = logits()
    compare(found.discriminator_loss(real, generated), expected_of_discriminator(real, generated), (real, generated))
    compare(found.generator_loss(generated), expected_of_generator(generated), (generated,))


def test_equal_the_paper():
    check(module)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("F.softplus(-_float32(real))", "F.softplus(_float32(real))"),
        ("F.softplus(_float32(generated))", "F.softplus(-_float32(generated))"),
        ("return F.softplus(-_float32(generated)).mean()", "return F.softplus(_float32(generated)).mean()"),
        ("return F.softplus(-_float32(generated)).mean()", "return -F.softplus(_float32(generated)).mean()"),
        (").mean() + F", ").sum() + F"),
        ("F.softplus(-_float32(real)).mean() + ", ""),
        ("return F.softplus(-_float32(generated))", "return F.softplus(-_float32(generated.detach()))"),
    ],
    ids=["real", "generated", "generator", "saturating", "sum", "no-real", "stopped-gradient"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises((AssertionError, RuntimeError)):
        check(mutant(module, before, after))


def test_values_by_hand_and_far_from_zero():
    undecided = torch.zeros(3, 1)
    assert module.discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    sure = torch.full((2, 1), 500.0, requires_grad=True)
    assert module.discriminator_loss(sure, -sure).item() == 0
    loss = module.generator_loss(-sure)
    assert loss.item() == 500
    assert torch.autograd.grad(loss, sure)[0].tolist() == [[0.5], [0.5]]


def test_bfloat16_is_not_averaged_in_bfloat16():
    real, generated = (values.detach().bfloat16() for values in logits())
    for loss, given in ((module.discriminator_loss, (real, generated)), (module.generator_loss, (generated,))):
        assert loss(*given).dtype == torch.float32
        assert torch.equal(loss(*given), loss(*(values.float() for values in given)))
