"""Video colorization: what is seen, what is copied, and what the pointers point at."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.losses.colorization import copied_cross_entropy
from selfsup.nn import encoder
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch_of, views_of
from selfsup.views.lab import rgb_to_lab
from selfsup.views.lab_bins import nearest_bin
from tests.methods.recipes import build, info_of, method_class, recipe, table_of

NAME = "video_colorization"
UNCHANGED = {"flip_probability": 0.0, "exposure_strength": 0.0}


def construct(info=None, encoder_changes=None, **changes):
    asked = recipe(NAME)
    built = encoder.build({**asked["encoder"], **(encoder_changes or {})})
    return method_class(NAME).from_recipe(built, info or info_of(NAME), {**asked["hyper"], **changes})


def test_views_are_consecutive_frames_with_the_target_last():
    method = build(NAME, **UNCHANGED)
    views, clip = views_of(method), batch_of(method)["clip"]
    assert torch.equal(views["frames"], clip.float() / 255)  # of four frames, three references and a target are all
    assert torch.equal(views["exposed"], views["frames"])
    changed = views_of(build(NAME, flip_probability=1.0, exposure_strength=0.3))
    assert torch.equal(changed["frames"], views["frames"].flip(-1))
    assert (changed["exposed"] - changed["frames"]).abs().max() > 0.1


def test_the_encoder_does_not_see_the_colours():
    """Two clips of one lightness and other colours: equal embeddings, other answers."""
    method = build(NAME).eval()
    frames = views_of(build(NAME, **UNCHANGED))["frames"]
    lab = rgb_to_lab(frames.flatten(0, 1))
    grey = ((lab[:, :1] + 16) / 116).clamp(min=0.138) ** 3
    linear = torch.where(grey > 0.0031308, 1.055 * grey.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, 12.92 * grey)
    other = linear.expand(-1, 3, -1, -1).view_as(frames)
    torch.testing.assert_close(method._embedding(frames), method._embedding(other), rtol=0, atol=2e-2)
    same = {"frames": frames, "exposed": frames}
    assert not torch.allclose(
        method.loss(same, {}, STEP).loss, method.loss({"frames": other, "exposed": frames}, {}, STEP).loss
    )


def test_loss_is_of_the_mean_colours_of_positions():
    """The mean colour of 4 x 4 pixels, its nearest centroid, copied through the softmax over all reference places."""
    method = build(NAME).eval()
    views = views_of(method)
    places = views["frames"].unflatten(-1, (8, 4)).unflatten(-3, (8, 4)).mean((-3, -1))
    colour = nearest_bin(rgb_to_lab(places.flatten(0, 1))[:, 1:], method.centroids).view(EXAMPLES, 4, 64)
    maps = list(method.encoder.maps(views["exposed"].flatten(0, 1)).values())[-1]
    unit = (maps / maps.norm(dim=1, keepdim=True)).view(EXAMPLES, 4, 64, 64)
    probability = torch.zeros(EXAMPLES, 64, 16)
    likeness = torch.einsum("ndi,nrdj->nirj", unit[:, 3], unit[:, :3]) / 0.1
    pointed = likeness.flatten(2).softmax(-1)
    probability.scatter_add_(2, colour[:, :3].flatten(1)[:, None].expand(-1, 64, -1), pointed)
    expected = copied_cross_entropy(probability, colour[:, 3], 0.01)
    output = method.loss(views, {}, STEP)
    torch.testing.assert_close(output.loss, expected, rtol=1e-4, atol=1e-5)
    assert output.metrics["colour_accuracy"] == (probability.argmax(-1) == colour[:, 3]).float().mean()
    assert output.metrics["colour_accuracy_previous"] == (colour[:, 2] == colour[:, 3]).float().mean()


def test_a_colour_that_no_reference_has_gives_a_finite_loss():
    method = build(NAME).eval()
    views = views_of(method)
    frames = views["frames"].clone()
    frames[:, :-1] = 0.5
    assert method.loss({"frames": frames, "exposed": views["exposed"]}, {}, STEP).loss.isfinite()


def test_the_references_do_not_depend_on_the_future():
    """The gradient of the loss reaches the target and every reference: nothing else is in the views."""
    method = build(NAME).eval()
    views = views_of(method)
    seen = views["exposed"].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(method.loss({**views, "exposed": seen}, {}, STEP).loss, seen)
    assert (gradient.abs().sum((0, 2, 3, 4)) > 0).all()


def test_prediction_has_copied_colours_and_pointers():
    method = build(NAME, **UNCHANGED).eval()
    views = views_of(method)
    made = method.predict(views)
    assert list(made.images) == [
        "original",
        "reference",
        "asked",
        "pointers_1",
        "pointers_2",
        "pointers_3",
        "predicted",
    ]
    assert torch.equal(made.images["original"], views["frames"][:, -1])
    assert torch.equal(made.images["reference"], views["frames"][:, -2])
    lightness = rgb_to_lab(made.images["predicted"])[:, 0] - rgb_to_lab(made.images["original"])[:, 0]
    assert lightness.abs().median() < 1  # only colours outside the gamut change it


def test_a_still_clip_is_coloured_as_its_references():
    method = build(NAME, temperature=1e-4, **UNCHANGED).eval()
    frames = views_of(method)["frames"][:, :1].expand(-1, 4, -1, -1, -1)
    output = method.loss({"frames": frames, "exposed": frames}, {}, STEP)
    assert output.metrics["colour_accuracy"] > 0.95
    assert output.metrics["colour_accuracy_previous"] == 1


def test_pretext_target_is_the_colour_in_the_middle():
    method = build(NAME, **UNCHANGED).eval()
    views = views_of(method)
    pretext = method.pretext(views)
    assert pretext.images.shape == (EXAMPLES, 2, 3, 32, 32)
    assert torch.equal(pretext.images[:, 0], views["frames"][:, 2])
    assert rgb_to_lab(pretext.images[:, 1])[:, 1:].abs().max() < 0.1
    middle = views["frames"][:, 3, :, 16:20, 16:20].mean((2, 3))[:, :, None, None]
    assert torch.equal(pretext.target, nearest_bin(rgb_to_lab(middle)[:, 1:], method.centroids)[:, 0, 0])
    before = views["frames"][:, 2, :, 16:20, 16:20].mean((2, 3))[:, :, None, None]
    same = nearest_bin(rgb_to_lab(before)[:, 1:], method.centroids)[:, 0, 0] == pretext.target
    assert torch.equal(pretext.baselines["previous_frame"], same)


def test_clips_of_another_size_and_length_are_accepted():
    """Whole videos are predicted by a method that was trained on small clips."""
    method = build(NAME).eval()
    clip = torch.randint(0, 256, (2, 9, 3, 40, 56), dtype=torch.uint8)
    draws = method.draw(2, torch.Generator().manual_seed(0))
    made = method.predict(method.views({"clip": clip}, draws))
    assert made.images["predicted"].shape == (2, 3, 40, 56)


def test_impossible_recipes_are_refused():
    info = info_of(NAME)
    table = table_of(NAME, info)
    with pytest.raises(InputError, match="grey"):
        construct(replace(info, table=table, grey=True))
    with pytest.raises(InputError, match=r"encoder\.input is rgb"):
        construct(replace(info, table=table), {"input": "rgb"})
    with pytest.raises(InputError, match="table is missing"):
        construct(info)
    with pytest.raises(InputError, match=r"hyper\.references is 4"):
        construct(replace(info, table=table), references=4)
    with pytest.raises(InputError, match="uniform_fraction"):
        construct(replace(info, table=table), uniform_fraction=1.0)
    with pytest.raises(InputError, match=r"hyper\.references is 3"):
        construct(replace(INFO, table=table))  # still images have no frames
