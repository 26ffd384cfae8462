"""CLIP's loss against loops in float64, written from the paper's figure 3."""

import math

import pytest
import torch

from selfsup.losses import info_nce as module
from tests.losses.mutation import mutant
from tests.losses.view_pairs import cosine


def reference(image, text, logit_scale):
    """The mean of both cross entropies; logits[i, j] = cos(image i, text j) e^t, labels the diagonal."""
    n = len(image)
    scale = torch.exp(logit_scale)
    logits = [[cosine(image[i], text[j]) * scale for j in range(n)] for i in range(n)]
    by_image = -sum(torch.log(logits[i][i].exp() / sum(logits[i][j].exp() for j in range(n))) for i in range(n)) / n
    by_text = -sum(torch.log(logits[j][j].exp() / sum(logits[i][j].exp() for i in range(n))) for j in range(n)) / n
    return (by_image + by_text) / 2


def batch(count=5, features=4):
    """Unlike rows on both sides, each text a noisy image, and a scale: nothing symmetric that could hide an error."""
    generator = torch.Generator().manual_seed(2)
    image = torch.randn(count, features, generator=generator, dtype=torch.float64)
    text = 1.9 * image + torch.randn(count, features, generator=generator, dtype=torch.float64) + 0.3
    logit_scale = torch.tensor(0.7, dtype=torch.float64)
    return tuple(tensor.detach().requires_grad_() for tensor in (image, text, logit_scale))


def check(clip):
    """Compare value and all gradients, that of the scale too, with the reference."""
    given = batch()
    expected = reference(*given)
    loss, _ = clip(*given)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(loss, given, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, given), rtol=1e-9, atol=1e-11)


def test_equals_the_paper():
    check(module.clip)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(image @ text.T)", "-(image @ text.T)"),
        (".exp() * (image", " * (image"),
        ("logit_scale.to(compute_dtype)", "logit_scale.detach().to(compute_dtype)"),
        ("F.normalize(rows.to(compute_dtype), dim=1)", "rows.to(compute_dtype)"),
        ("F.cross_entropy(logits.T, pair)", "F.cross_entropy(logits, pair)"),
        ("image @ text.T", "image @ text.detach().T"),
        ("/ 2\n", "\n"),
    ],
    ids=["sign", "temperature", "fixed-scale", "no-cosine", "one-way", "stopped-gradient", "sum"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after, "clip").clip)


def test_the_order_of_the_pairs_changes_nothing():
    image, text, logit_scale = (tensor.detach() for tensor in batch())
    order = torch.tensor([3, 0, 4, 1, 2])
    loss, correct = module.clip(image, text, logit_scale)
    other, permuted = module.clip(image[order], text[order], logit_scale)
    torch.testing.assert_close(other, loss, rtol=1e-12, atol=1e-14)
    assert torch.equal(permuted, correct.view(2, 5)[:, order].flatten())


def test_images_and_texts_are_exchangeable():
    image, text, logit_scale = batch()
    loss, correct = module.clip(image, text, logit_scale)
    other, swapped = module.clip(text, image, logit_scale)
    torch.testing.assert_close(other, loss, rtol=1e-12, atol=1e-14)
    assert torch.equal(swapped, correct.view(2, 5).flip(0).flatten())


def check_under_autocast(clip):
    """Under bfloat16 autocast the loss of bfloat16 inputs is the float32 loss of the same numbers."""
    rounded = [tensor.detach().bfloat16() for tensor in batch()]
    rounded[2] = torch.tensor(math.log(14.0))
    expected, _ = module.clip(*(tensor.float() for tensor in rounded))
    for given in (rounded, [tensor.float() for tensor in rounded]):
        with torch.autocast("cpu", torch.bfloat16):
            loss, _ = clip(*given)
        assert loss.dtype == torch.float32
        assert torch.equal(loss, expected)


def test_autocast_does_not_round_the_logits():
    check_under_autocast(module.clip)


@pytest.mark.parametrize(
    ("before", "after"),
    [("enabled=False", "dtype=torch.bfloat16"), ("torch.promote_types(image.dtype, torch.float32)", "image.dtype")],
    ids=["autocast", "dtype"],
)
def test_rounded_logits_would_be_noticed(before, after):
    with pytest.raises(AssertionError):
        check_under_autocast(mutant(module, before, after, "clip").clip)


def test_value_by_hand():
    """Two orthogonal pairs at scale 1: -log(e / (e + 1)) both ways."""
    z = torch.eye(2)
    loss, correct = module.clip(z, 3 * z, torch.zeros(()))
    assert loss.item() == pytest.approx(-math.log(math.e / (math.e + 1)), abs=1e-6)
    assert correct.tolist() == [True] * 4


def test_accuracy_is_of_both_directions():
    """Both texts point to image 0: image 0 finds its text, image 1 does not; the texts' order is the other way round."""
    image = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    text = torch.tensor([[1.0, 0.1], [1.0, 0.05]])
    assert module.clip(image, text, torch.zeros(()))[1].tolist() == [False, False, True, False]
