"""The losses of colorization against loops in float64, written from the paper's equations 1 to 3."""

import pytest
import torch

from selfsup.losses import colorization as module
from tests.losses.mutation import mutant

BINS, NEIGHBOURS, HEIGHT, WIDTH = 7, 3, 2, 4


def inputs(count=3):
    """Logits, distinct bins with weights in no order, class weights: nothing symmetric that could hide an error."""
    draws = torch.Generator().manual_seed(5)
    shape = (count, BINS, HEIGHT, WIDTH)
    logits = 2 * torch.randn(shape, generator=draws, dtype=torch.float64) + 0.3
    index = torch.rand(shape, generator=draws).argsort(1)[:, :NEIGHBOURS]
    weight = torch.rand(count, NEIGHBOURS, HEIGHT, WIDTH, generator=draws, dtype=torch.float64) + 0.05
    class_weight = 3 * torch.rand(BINS, generator=draws, dtype=torch.float64) + 0.1
    return logits.requires_grad_(), index, weight / weight.sum(1, keepdim=True), class_weight


def reference(logits, index, weight, class_weight):
    """Mean over pixels of -v(Z) sum_q Z_q log Z^_q, with v(Z) = w_q* and q* = argmax_q Z_q."""
    total, pixels = 0.0, 0
    for n in range(len(logits)):
        for y in range(HEIGHT):
            for x in range(WIDTH):
                target = [0.0] * BINS
                for q, z in zip(index[n, :, y, x].tolist(), weight[n, :, y, x].tolist(), strict=True):
                    target[q] = z
                exps = [torch.exp(logits[n, q, y, x]) for q in range(BINS)]
                entropy = -sum(target[q] * torch.log(exps[q] / sum(exps)) for q in range(BINS))
                v = 1.0 if class_weight is None else class_weight[target.index(max(target))]
                total, pixels = total + v * entropy, pixels + 1
    return total / pixels


def check(soft_cross_entropy, rebalanced=True):
    logits, index, weight, class_weight = inputs()
    given = (logits, index, weight, class_weight if rebalanced else None)
    expected, found = reference(*given), soft_cross_entropy(*given)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert found.requires_grad
    gradients = torch.autograd.grad(found, logits)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, logits), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rebalanced", [True, False])
def test_soft_cross_entropy_is_equation_2(rebalanced):
    check(module.soft_cross_entropy, rebalanced)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-(weight * log_probability", "(weight * log_probability"),
        ("weight * log_probability", "log_probability"),
        ("dim=1)", "dim=2)"),
        ("weight.argmax(1, keepdim=True)", "weight.argmin(1, keepdim=True)"),
        ("class_weight[largest] * entropy", "entropy"),
        ("entropy.mean()", "entropy.sum()"),
        ("logits.to(", "logits.detach().to("),
    ],
    ids=["sign", "hard-target", "softmax-axis", "wrong-class-weight", "no-class-weight", "sum", "stopped-gradient"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after).soft_cross_entropy)


def test_the_floor_is_the_entropy_of_the_target():
    _, index, weight, _ = inputs()
    target = torch.full((3, BINS, HEIGHT, WIDTH), 1e-300, dtype=torch.float64).scatter_(1, index, weight)
    found = module.soft_cross_entropy(target.log(), index, weight)
    torch.testing.assert_close(found, -(weight * weight.log()).sum(1).mean())


def pairs():
    draws = torch.Generator().manual_seed(6)
    predicted = torch.randn(3, 2, HEIGHT, WIDTH, generator=draws, dtype=torch.float64)
    return predicted.requires_grad_(), 2 * torch.randn(3, 2, HEIGHT, WIDTH, generator=draws, dtype=torch.float64) - 0.5


def check_squared_error(squared_error):
    predicted, target = pairs()
    expected, pixels = 0.0, 3 * HEIGHT * WIDTH
    for n in range(3):
        for y in range(HEIGHT):
            for x in range(WIDTH):
                expected = (
                    expected + sum((target[n, c, y, x] - predicted[n, c, y, x]) ** 2 for c in range(2)) / 2 / pixels
                )
    found = squared_error(predicted, target)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert found.requires_grad
    gradients = torch.autograd.grad(found, predicted)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, predicted), rtol=1e-9, atol=1e-11)


def test_squared_error_is_equation_1():
    check_squared_error(module.squared_error)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("predicted - target", "predicted + target"),
        (".sum(1).mean()", ".mean()"),
        (".mean() / 2", ".mean()"),
        ("predicted.to(", "predicted.detach().to("),
    ],
    ids=["sign", "mean-of-channels", "no-half", "stopped-gradient"],
)
def test_a_planted_error_in_the_squared_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check_squared_error(mutant(module, before, after).squared_error)


def check_under_autocast(losses):
    """Under bfloat16 autocast the losses of bfloat16 inputs are the float32 losses of the same numbers."""
    logits, index, weight, class_weight = inputs()
    logits, weight, class_weight = logits.detach().bfloat16(), weight.float(), class_weight.float()
    predicted, target = (tensor.detach().bfloat16() for tensor in pairs())
    expected = (
        module.soft_cross_entropy(logits.float(), index, weight, class_weight),
        module.squared_error(predicted.float(), target.float()),
    )
    with torch.autocast("cpu", torch.bfloat16):
        found = losses.soft_cross_entropy(logits, index, weight, class_weight), losses.squared_error(predicted, target)
    assert [loss.dtype for loss in found] == [torch.float32] * 2
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_autocast_does_not_round():
    check_under_autocast(module)


@pytest.mark.parametrize("name", ["logits", "predicted"])
def test_rounding_would_be_noticed(name):
    with pytest.raises(AssertionError):
        check_under_autocast(mutant(module, f"torch.promote_types({name}.dtype, torch.float32)", f"{name}.dtype"))
