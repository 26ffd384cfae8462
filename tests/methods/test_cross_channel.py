"""What one half of a split encoder cannot reach: the other half's parameters."""

import pytest
import torch

from selfsup.methods.parts import cross_channel as module
from selfsup.testing.trials import STEP, views_of
from tests.methods.recipes import build

HALVES = ["split_brain", "split_brain_regression", "lightness_to_ab_ensemble", "split_brain_depth"]


def own(method, half):
    """Return the parameters of one half: its encoder, and the decoders on it."""
    decoders = zip(method.tasks, method.prediction.decoders, strict=True)
    modules = [method.encoder.parts[half], *(decoder for task, decoder in decoders if task.half == half)]
    return [parameter for part in modules for parameter in part.parameters()]


@pytest.mark.parametrize("name", HALVES)
def test_the_loss_of_one_half_has_no_gradient_in_the_other(name):
    method = build(name).train()
    losses = method.prediction.losses(method.encoder, views_of(method))
    assert {task.half for task in method.tasks} == {0, 1}
    for task, loss in zip(method.tasks, losses, strict=True):
        gradients = [
            torch.autograd.grad(loss, own(method, half), retain_graph=True, allow_unused=True, materialize_grads=True)
            for half in (task.half, 1 - task.half)
        ]
        assert sum(gradient.abs().sum() for gradient in gradients[0]) > 0
        assert all(gradient.count_nonzero() == 0 for gradient in gradients[1])


def test_a_gradient_that_leaks_would_be_noticed():
    """Both tasks on the first half: then the second's loss moves it."""
    method = build("split_brain").train()
    leak = [module.Task(0, task.channels, task.centres) for task in method.tasks]
    prediction = module.CrossChannel(method.encoder, leak, decoder_width=4, upsampling=4)
    second = prediction.losses(method.encoder, views_of(method))[1]
    first_half = list(method.encoder.parts[0].parameters())
    assert all(gradient.abs().sum() > 0 for gradient in torch.autograd.grad(second, first_half))


@pytest.mark.parametrize("name", HALVES)
def test_a_step_gives_each_half_the_gradient_of_its_own_loss(name):
    method = build(name).train()
    views = views_of(method)
    total = torch.autograd.grad(method.loss(views, {}, STEP).loss, own(method, 0))
    losses = method.prediction.losses(method.encoder, views)
    alone = sum(task.weight * loss for task, loss in zip(method.tasks, losses, strict=True) if task.half == 0)
    for whole, part in zip(total, torch.autograd.grad(alone, own(method, 0)), strict=True):
        torch.testing.assert_close(whole, part, rtol=1e-5, atol=1e-7)


def test_the_sum_is_weighted_and_each_loss_is_logged():
    method = build("split_brain_depth", ab_weight=0.3).train()
    terms = method.loss(views_of(method), {}, STEP)
    depth, lightness, ab = (terms.metrics[f"half{n}_loss"] for n in ("1_depth", "2_lightness", "2_ab"))
    torch.testing.assert_close(terms.loss.detach(), depth + lightness + 0.3 * ab)


@pytest.mark.parametrize("name", ["colorization", "colorization_regression", "lightness_to_ab"])
def test_an_image_of_the_training_size_is_completed_as_it_is_predicted(name):
    method = build(name).eval()
    views = views_of(method)
    predicted = method.predict(views).images["predicted"]
    for image, expected in zip(views["uncropped"].split(1), predicted.split(1), strict=True):
        torch.testing.assert_close(method.complete(image).images["coloured"], expected, rtol=0, atol=1e-4)


def test_the_last_map_covers_an_image_of_any_shape():
    """The longer side at the scale of training is a multiple of the stride, 16 of small_conv."""
    encoder = build("colorization").encoder.eval()
    for size, expected in {(500, 333): (48, 32), (40, 64): (32, 48), (7, 9): (32, 48), (10, 400): (32, 1280)}.items():
        small = module.at_training_scale(torch.zeros(1, 3, *size), encoder, 32)
        assert tuple(small.shape[2:]) == expected
