"""Colorization: what is seen, what is asked, and what the answers stand for."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.nn import encoder
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch, views_of
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.lab_bins import annealed_mean, bins_in_gamut, nearest_bin, soft_bins
from tests.methods.recipes import build, method_class, recipe

UNCHANGED = {"scale_min": 1.0, "flip_probability": 0.0}
RECIPES = ("colorization", "colorization_regression")


def twins():
    """Images of the same lightness in dull colours, and in those colours turned by a right angle: all in the gamut."""
    lightness, a, b = rgb_to_lab(batch()["image"].float() / 255).unbind(1)
    lightness = 40 + 0.3 * lightness
    pair = [lab_to_rgb(torch.stack([lightness, *ab], 1)) for ab in ((0.2 * a, 0.2 * b), (0.2 * b, -0.2 * a))]
    for image in pair:
        torch.testing.assert_close(rgb_to_lab(image)[:, 0], lightness, rtol=0, atol=1e-2)
    return pair


def middle_ab(images):
    """The mean ab of the position in the middle of 32 pixels, by hand."""
    return rgb_to_lab(images)[:, 1:, 16:20, 16:20].mean((2, 3))


def test_views_are_the_crop_and_the_complete_image():
    views = views_of(build("colorization", crop=UNCHANGED))
    whole = batch()["image"].float() / 255
    torch.testing.assert_close(views["image"], whole, rtol=0, atol=1e-5)
    cropped = views_of(build("colorization", crop={"scale_min": 0.5}))
    assert torch.equal(cropped["uncropped"], whole)
    assert (cropped["image"] - whole).abs().max() > 0.05


@pytest.mark.parametrize("name", RECIPES)
def test_colours_are_the_target_and_not_the_input(name):
    method = build(name).eval()
    one, other = twins()
    torch.testing.assert_close(method._answer(one), method._answer(other), rtol=0, atol=1e-3)
    assert not torch.allclose(
        method.loss({"image": one}, {}, STEP).loss, method.loss({"image": other}, {}, STEP).loss, rtol=1e-2
    )


def test_predictions_have_a_quarter_of_the_resolution():
    method = build("colorization")
    assert method._answer(views_of(method)["image"]).shape == (EXAMPLES, 261, 8, 8)


@pytest.mark.parametrize("rebalance", [True, False])
def test_loss_is_the_soft_cross_entropy_of_the_mean_colours(rebalance):
    """Place by place: the mean ab of 4 x 4 pixels, softly on 5 bins, weighted by the weight of the nearest."""
    method = build("colorization", objective={"rebalance": rebalance}).eval()
    views = views_of(method)
    ab = rgb_to_lab(views["image"])[:, 1:].unflatten(3, (8, 4)).unflatten(2, (8, 4)).mean((3, 5))
    index, weight = soft_bins(ab, method.centres, 5, 5.0)
    target = torch.zeros(EXAMPLES, 261, 8, 8).scatter(1, index, weight)
    entropy = -(target * method._answer(views["image"]).log_softmax(1)).sum(1)
    expected = (method.weight[index[:, 0]] * entropy if rebalance else entropy).mean()
    torch.testing.assert_close(method.loss(views, {}, STEP).loss, expected, rtol=1e-5, atol=1e-5)


def test_regression_is_the_squared_error_of_the_mean_colours():
    method = build("colorization_regression").eval()
    views = views_of(method)
    ab = rgb_to_lab(views["image"])[:, 1:].unflatten(3, (8, 4)).unflatten(2, (8, 4)).mean((3, 5))
    expected = ((method._answer(views["image"]) - ab / 110) ** 2).sum(1).mean() / 2
    torch.testing.assert_close(method.loss(views, {}, STEP).loss, expected, rtol=1e-5, atol=1e-6)


def test_prediction_is_the_annealed_mean_at_the_images_lightness():
    method = build("colorization").eval()
    views = views_of(method)
    made = method.predict(views)
    coarse = annealed_mean(method._answer(views["uncropped"]), method.centres, 0.38)
    torch.testing.assert_close(made.arrays["predicted_ab"], coarse)
    ab = torch.nn.functional.interpolate(coarse, size=32, mode="bilinear")
    lab = torch.cat([rgb_to_lab(views["uncropped"])[:, :1], ab], 1)
    torch.testing.assert_close(made.images["predicted"], lab_to_rgb(lab))
    assert torch.equal(made.images["original"], views["uncropped"])


def test_pretext_target_is_the_colour_in_the_middle_of_grey_images():
    method = build("colorization").eval()
    views = views_of(method)
    pretext = method.pretext(views)
    cells = bins_in_gamut(30.0)
    assert torch.equal(pretext.target, nearest_bin(middle_ab(views["uncropped"])[:, :, None, None], cells)[:, 0, 0])
    assert rgb_to_lab(pretext.images)[:, 1:].abs().max() < 0.1
    torch.testing.assert_close(
        rgb_to_lab(pretext.images)[:, 0], rgb_to_lab(views["uncropped"])[:, 0], rtol=0, atol=1e-2
    )


def test_pretext_is_without_the_class_weights():
    """A network whose distribution is the prior times the class weights, as rebalancing makes it, gives the prior."""
    method = build("colorization").eval()
    views = views_of(method)
    prior = torch.rand(len(method.centres), generator=torch.Generator().manual_seed(0))
    logits = (prior * method.weight).log()[None, :, None, None].expand(EXAMPLES, -1, 8, 8)
    method._answer = lambda image: logits
    pretext = method.pretext(views)
    cell = nearest_bin(method.centres.T[None, :, :, None], bins_in_gamut(30.0))[0, :, 0]
    share = torch.bincount(cell, prior / prior.sum())
    torch.testing.assert_close(pretext.score, share[pretext.target], check_dtype=False)


def test_a_regression_has_no_distribution():
    method = build("colorization_regression").eval()
    assert method.pretext(views_of(method)) is None


def test_panel_shows_lightness_colours_and_both():
    method = build("colorization")
    views = views_of(method)
    (panel,) = method.panels(views)
    assert panel.captions == ["input: L", "target: a, b", "together"] * 3
    assert rgb_to_lab(panel.images[0::3])[:, 1:].abs().max() < 0.1
    assert torch.equal(panel.images[2::3], views["image"][:3])


def construct(name="colorization", info=INFO):
    asked = recipe(name)
    return method_class(name).from_recipe(encoder.build(asked["encoder"]), info, asked["hyper"])


def test_impossible_recipes_are_refused():
    table = {"centres": torch.zeros(4, 2), "weight": torch.ones(4)}
    with pytest.raises(InputError, match="grey"):
        construct("colorization_regression", replace(INFO, grey=True))
    with pytest.raises(InputError, match="table"):
        construct()
    with pytest.raises(InputError, match="neighbours"):
        construct(info=replace(INFO, table=table))
