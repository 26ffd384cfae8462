"""The overlap-weighted reconstruction against a loop over pixels in float64."""

import pytest
import torch

from selfsup.losses import inpainting as module
from tests.losses.mutation import mutant

OVERLAP_PX, OVERLAP_WEIGHT = 2, 7.0


def weight_of(hole, row, column):
    """1 in the hole, 7 where a pixel of the hole is at most two rows and two columns away, else 0."""
    if hole[row][column]:
        return 1.0
    size = len(hole)
    around = [
        hole[r][c]
        for r in range(max(0, row - OVERLAP_PX), min(size, row + OVERLAP_PX + 1))
        for c in range(max(0, column - OVERLAP_PX), min(size, column + OVERLAP_PX + 1))
    ]
    return OVERLAP_WEIGHT if any(around) else 0.0


def reference(prediction, target, mask):
    """Sum of w (x - y)^2 over images, channels and pixels, over how many have w above 0."""
    total, count = 0.0, 0
    for n, hole in enumerate(mask.tolist()):
        for row in range(len(hole)):
            for column in range(len(hole)):
                weight = weight_of(hole, row, column)
                for channel in range(3):
                    count += weight > 0
                    difference = prediction[n, channel, row, column] - target[n, channel, row, column]
                    total = total + weight * difference**2
    return total / count


def problem():
    """Two images with unlike holes, one of them at the border."""
    generator = torch.Generator().manual_seed(5)
    prediction, target = torch.randn(2, 2, 3, 9, 9, generator=generator, dtype=torch.float64)
    mask = torch.zeros(2, 9, 9, dtype=torch.bool)
    mask[0, 3:6, 4:6] = True
    mask[1, 0:2, 7:9] = True
    mask[1, 5, 1] = True
    return prediction.requires_grad_(), target, mask


def check(found):
    prediction, target, mask = problem()
    expected = reference(prediction, target, mask)
    weights = found.overlap_weights(mask, OVERLAP_PX, OVERLAP_WEIGHT)
    loss = found.overlap_reconstruction(prediction, target, weights)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = [
        torch.autograd.grad(value, prediction, allow_unused=True, materialize_grads=True) for value in (loss, expected)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


def test_equals_the_paper():
    check(module)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2 * overlap_px + 1, stride=1, padding=overlap_px", "2 * overlap_px - 1, stride=1, padding=overlap_px - 1"),
        ("hole + overlap_weight * (region - hole)", "overlap_weight * region"),
        ("hole + overlap_weight * (region - hole)", "region"),
        ("return squared.sum() /", "return -squared.sum() /"),
        (".square() *", ".abs() *"),
        (" * prediction.shape[1])", ")"),
        ("(weights > 0).sum()", "weights.sum()"),
        ("prediction.to(compute_dtype) -", "prediction.detach().to(compute_dtype) -"),
    ],
    ids=["band", "heavy-hole", "no-weight", "sign", "l1", "channels", "mean-by-weight", "stopped-gradient"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises((AssertionError, RuntimeError)):
        check(mutant(module, before, after))


def test_without_overlap_only_the_hole_counts():
    prediction, target, mask = problem()
    weights = module.overlap_weights(mask, 0, OVERLAP_WEIGHT)
    assert torch.equal(weights, mask.float())
    loss = module.overlap_reconstruction(prediction, target, weights)
    torch.testing.assert_close(loss, (prediction - target).square().transpose(0, 1)[:, mask].mean())


def test_bfloat16_is_not_summed_in_bfloat16():
    prediction, target, mask = problem()
    rounded = [values.detach().bfloat16() for values in (prediction, target)]
    weights = module.overlap_weights(mask, OVERLAP_PX, OVERLAP_WEIGHT)
    loss = module.overlap_reconstruction(*rounded, weights)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, module.overlap_reconstruction(*(values.float() for values in rounded), weights))
