"""CPC on images: what is cut, what the context may know, what is predicted, and bad sizes."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.testing.trials import EXAMPLES, PATCH_INFO, STEP, batch, move, optimisers, views_of
from tests.methods.recipes import build

PLAIN = {"flip_probability": 0.0, "gray_probability": 0.0, "subcrop_px": 16}


def gradients_of(method, patches, row):
    """Return (R,): how much the context at ``row`` of every image moves with the pixels of each row of patches."""
    patches = patches.clone().requires_grad_()
    _, context = method._encode(patches)
    (gradient,) = torch.autograd.grad(context[:, row].sum(), patches)
    return gradient.abs().sum((0, 2, 3, 4, 5))


def test_patches_are_of_the_drawn_crop():
    method = build("cpc_image", **PLAIN)
    draws = method.draw(EXAMPLES, generator(0, "views"))
    views = method.views(batch(size_px=64), draws)
    assert views["image"].shape == (EXAMPLES, 3, 56, 56)
    assert views["patch"].shape == (EXAMPLES, 6, 6, 3, 16, 16)
    assert draws["corner"].max() <= 8
    assert len(draws["corner"].unique(dim=0)) > 1
    for n, (top, left) in enumerate(draws["corner"].tolist()):
        crop = batch(size_px=64)["image"][n, :, top : top + 56, left : left + 56].float() / 255
        torch.testing.assert_close(views["image"][n], crop, rtol=0, atol=1e-6)
        torch.testing.assert_close(views["patch"][n, 2, 3], crop[:, 16:32, 24:40], rtol=0, atol=1e-6)


def test_flip_and_grey_are_drawn_for_the_whole_image():
    upright = build("cpc_image", **PLAIN)
    changed = build("cpc_image", flip_probability=1.0, gray_probability=1.0, subcrop_px=16)
    first, second = views_of(upright)["patch"], views_of(changed)["patch"]
    red, green, blue = first.unbind(3)
    grey = 0.2989 * red + 0.587 * green + 0.114 * blue
    torch.testing.assert_close(second[:, :, :, 0], grey.flip(2, 4), rtol=0, atol=1e-5)
    assert torch.equal(second[:, :, :, 0], second[:, :, :, 2])


@pytest.mark.parametrize("row", [0, 2, 5])
def test_the_context_sees_pixels_of_no_row_below_exactly(row):
    method = build("cpc_image").train()
    seen = gradients_of(method, views_of(method)["patch"], row)
    assert (seen[: row + 1] > 0).all()
    assert torch.equal(seen[row + 1 :], torch.zeros(5 - row))


def test_batch_norm_in_training_mode_would_reveal_the_rows_below():
    method = build("cpc_image").train()
    method.encoder.train()
    assert (gradients_of(method, views_of(method)["patch"], 2)[3:] > 0).all()


def test_batch_norm_statistics_are_frozen_while_scale_and_shift_learn():
    method = build("cpc_image").train()
    norms = [m for m in method.encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    method.loss(views_of(method), {}, STEP).loss.backward()
    for norm in norms:
        assert torch.equal(norm.running_mean, torch.zeros_like(norm.running_mean))
        assert torch.equal(norm.running_var, torch.ones_like(norm.running_var))
        assert norm.weight.grad.abs().sum() > 0


def test_loss_is_the_mean_over_steps_each_with_its_own_matrix():
    method = build("cpc_image").train()
    views = views_of(method)
    terms = method.loss(views, {}, STEP)
    assert list(terms.metrics) == [f"accuracy_step_{k}" for k in (1, 2, 3, 4)]
    z, c = method._encode(views["patch"])
    losses = []
    for k, matrix in enumerate(method.predict_rows, start=1):
        scores = torch.einsum("nrjd,mskd->nrjmsk", c[:, : 6 - k] @ matrix.weight.T, z[:, k:])
        chosen = scores.flatten(3).log_softmax(3).flatten(0, 2).diagonal()
        losses.append(-chosen.mean())
    torch.testing.assert_close(terms.loss, sum(losses) / 4)


def test_pretext_pairs_a_patch_with_the_one_two_rows_below():
    method = build("cpc_image").eval()
    views = views_of(method)
    pretext = method.pretext(views)
    assert torch.equal(pretext.images[:EXAMPLES], views["patch"][:, 3, 3])
    assert torch.equal(pretext.images[EXAMPLES:], views["patch"][:, 5, 3])
    assert torch.equal(pretext.target, torch.arange(2 * EXAMPLES).roll(EXAMPLES))


def test_pretext_answers_by_the_prediction_of_two_rows():
    method = build("cpc_image").train()
    views, of = views_of(method), optimisers(method)
    for _ in range(15):  # so that some answers are right
        move(method, views, of)
    method.eval()
    z, c = method._encode(views["patch"])
    asks = torch.cat([c[:, 3, 3], c[:, 5, 3]]) @ method.predict_rows[1].weight.T
    score = asks @ torch.cat([z[:, 3, 3], z[:, 5, 3]]).T
    score.fill_diagonal_(-torch.inf)
    correct = method.pretext(views).score
    assert 0 < correct[:EXAMPLES].sum() < EXAMPLES or 0 < correct[EXAMPLES:].sum() < EXAMPLES
    for n in range(EXAMPLES):
        assert correct[n] == (score[n].argmax() == n + EXAMPLES)
        gave = score.log_softmax(1)[:, n + EXAMPLES]
        assert correct[n + EXAMPLES] == (gave.argmax() == n)


def test_panels_hide_the_rows_below():
    method = build("cpc_image", **PLAIN)
    views = views_of(method)
    panel = method.panels(views)[0]
    assert "2 rows below" in panel.title
    assert torch.equal(panel.images[0][:, 40:], torch.full((3, 16, 56), 0.5))
    assert panel.captions[1] == "the answer"
    torch.testing.assert_close(panel.images[1][:, 0, 0], views["patch"][0, 5, 3, :, 0, 0])


@pytest.mark.parametrize(
    ("size_px", "batch_size", "changes", "key"),
    [
        (32, 8, {}, "hyper.crop_px"),
        (64, 1, {}, "batch_size"),
        (64, 8, {"crop_px": 60}, "hyper.crop_px"),
        (64, 8, {"crop_px": 8}, "hyper.crop_px"),
        (64, 8, {"subcrop_px": 17}, "hyper.subcrop_px"),
        (64, 8, {"rows_predicted": 6}, "hyper.rows_predicted"),
    ],
)
def test_bad_sizes_are_input_errors(size_px, batch_size, changes, key):
    info = replace(PATCH_INFO, size_px=size_px, batch_size=batch_size)
    with pytest.raises(InputError, match=key):
        build("cpc_image", info=info, **changes)
