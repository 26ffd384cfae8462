"""Split-brain autoencoders and their baselines: who sees what, what is asked and answered, what a recipe may not ask for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from selfsup.errors import InputError
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn import encoder
from selfsup.nn.inputs import preprocess
from selfsup.testing.trials import EXAMPLES, INFO, batch_of, views_of
from selfsup.views.pictures import picture
from tests.methods.recipes import build, method_class, recipe

FAMILY = [
    "split_brain",
    "split_brain_regression",
    "lightness_to_ab",
    "lightness_to_ab_ensemble",
    "autoencoder",
    "split_brain_depth",
]
COLOURING = FAMILY[:4]
CELLS = cross.colour_bins(30.0) * 110


def whole_views(name, method):
    """Return the views without crop and mirror."""
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    size_px = method.info.size_px
    draws["box"] = torch.tensor([[0, 0, size_px, size_px]]).expand(EXAMPLES, 4)
    draws["flip"] = torch.zeros(EXAMPLES, dtype=torch.bool)
    return method.views(batch_of(method), draws)


def target_cells(image):
    """The cell nearest to the mean colour of the 4 x 4 pixels in the middle of each image, from scikit-image's Lab, by loops."""
    found = []
    for one in image.permute(0, 2, 3, 1).double().numpy():
        middle = rgb2lab(one)[16:20, 16:20, 1:].mean((0, 1))
        found.append(int(np.argmin([np.hypot(*(middle - centre)) for centre in CELLS.numpy()])))
    return found


@pytest.mark.parametrize("name", FAMILY)
def test_targets_are_cropped_and_mirrored_like_the_image(name):
    method = build(name, crop={"flip_probability": 1.0, "scale_min": 0.3})
    views = views_of(method)
    for task in method.tasks:
        torch.testing.assert_close(views[task.channels], preprocess(views["image"], task.channels))
    torch.testing.assert_close(views["uncropped"], batch_of(method)["image"] / 255)
    assert views["image"].shape == views["uncropped"].shape
    straight = whole_views(name, method)["image"]
    torch.testing.assert_close(straight, views["uncropped"], rtol=0, atol=1e-5)
    assert not torch.allclose(views["image"], straight, atol=0.05)


@pytest.mark.parametrize("name", COLOURING)
def test_no_half_has_its_target_as_input(name):
    method = build(name).eval()
    image = 0.4 + 0.2 * views_of(method)["image"]  # each colour exists at the lightness at which colour is shown
    without = {"lightness": picture(image, "ab"), "ab": picture(image, "lightness")}
    for task, half in zip(method.tasks, cross.halves(method.encoder), strict=True):
        assert task.channels == {"lightness": "ab", "ab": "lightness"}[half.input]
        same, other = (half(without[channels]) - half(image) for channels in (task.channels, half.input))
        assert same.abs().max() < 0.05 * other.abs().max()


def test_the_saved_encoder_concatenates_both_halves_layer_by_layer():
    method = build("split_brain").eval()
    kept, image = method.encoders()["image"], views_of(method)["image"]
    first, second = kept.parts
    assert kept.layers == {"conv1": 24, "conv2": 48, "conv3": 96, "conv4": 192}
    for layer, map_ in kept.maps(image).items():
        assert torch.equal(map_, torch.cat([first.maps(image)[layer], second.maps(image)[layer]], 1))
    assert not any("decoder" in key for key in kept.state_dict())


def test_sizes_of_the_baselines():
    features = {name: build(name).encoder.feature_dim for name in FAMILY}
    assert set(features.values()) == {192}
    weights = {name: sum(p.numel() for p in build(name).encoder.parameters()) for name in FAMILY}
    assert 0.49 < weights["split_brain"] / weights["autoencoder"] < 0.52


def test_encoders_of_an_ensemble_begin_differently():
    first, second = build("lightness_to_ab_ensemble").encoder.parts
    assert not any(torch.equal(first.stages[s][0].weight, second.stages[s][0].weight) for s in first.stages)


@pytest.mark.parametrize("name", ["split_brain", "lightness_to_ab", "lightness_to_ab_ensemble"])
def test_pretext_target_is_the_colour_in_the_middle_of_a_grey_image(name):
    method = build(name).eval()
    views = views_of(method)
    pretext = method.pretext(views)
    assert pretext.kind == "distribution"
    torch.testing.assert_close(pretext.images, pretext.images[:, :1].expand(-1, 3, -1, -1), rtol=0, atol=1e-3)
    torch.testing.assert_close(pretext.images, picture(views["uncropped"], "lightness"))
    assert pretext.target.tolist() == target_cells(views["uncropped"])
    assert len(set(pretext.target.tolist())) > 2


def test_a_score_is_the_probability_of_the_bins_of_the_targets_cell():
    """Of random logits, summed bin by bin."""
    image = views_of(build("split_brain"))["uncropped"]
    centres = cross.colour_bins(10.0) * 110
    logits = torch.randn(EXAMPLES, len(centres), 8, 8, generator=torch.Generator().manual_seed(0))
    pretext = cross.colour_pretext(image, logits, centres)
    for n, target in enumerate(target_cells(image)):
        share = logits[n, :, 4, 4].softmax(0)
        of_cell = [float(p) for p, c in zip(share, centres, strict=True) if (CELLS - c).norm(dim=1).argmin() == target]
        assert 1 <= len(of_cell) <= 9
        assert pretext.score[n].item() == pytest.approx(sum(of_cell), abs=1e-6)


def test_a_regression_has_no_distribution():
    method = build("split_brain_regression").eval()
    assert method.pretext(views_of(method)) is None


def test_an_estimate_is_the_annealed_mean_of_the_bins_or_the_value_itself():
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for name in ("split_brain", "split_brain_regression"):
        method = build(name).eval()
        last = method.encoder.parts[0].maps(image)["conv4"]
        answer = method.prediction.decoders[0](last)
        expected = answer
        if name == "split_brain":
            share = (answer / 0.38).exp()
            share = share / share.sum(1, keepdim=True)
            expected = (share[:, :, None] * cross.colour_bins(10.0)[:, :, None, None]).sum(1)
        torch.testing.assert_close(method._colours(image), expected, rtol=0, atol=1e-5)


def test_prediction_has_the_images_lightness_and_the_predicted_colour(monkeypatch):
    method = build("split_brain").eval()
    views = views_of(method)
    said = torch.tensor([10.0, -20.0])
    monkeypatch.setattr(method, "_colours", lambda _: (said / 110)[:, None, None].expand(EXAMPLES, 2, 8, 8))
    made = method.predict(views)
    assert made.kind == "colorization"
    torch.testing.assert_close(made.images["original"], views["uncropped"])
    lab = torch.from_numpy(rgb2lab(views["uncropped"].permute(0, 2, 3, 1).double().numpy())).permute(0, 3, 1, 2)
    torch.testing.assert_close(made.arrays["predicted_ab"], said[:, None, None].expand(EXAMPLES, 2, 8, 8))
    assert all(array.dtype == torch.float32 for array in made.arrays.values())
    dark_or_bright = (lab[:, 0] < 40) | (lab[:, 0] > 75)  # where this colour may be outside the gamut
    got = torch.from_numpy(rgb2lab(made.images["predicted"].permute(0, 2, 3, 1).double().numpy()))
    assert (got[..., 0] - lab[:, 0]).abs()[~dark_or_bright].max() < 0.1
    assert (got[..., 1:] - said).abs()[~dark_or_bright].max() < 0.1


def test_panels_show_each_kind_of_half_once():
    for name, titles in {
        "split_brain": 2,
        "lightness_to_ab_ensemble": 1,
        "autoencoder": 1,
        "split_brain_depth": 2,
    }.items():
        method = build(name)
        panels = method.panels(views_of(method))
        assert len({panel.title for panel in panels}) == len(panels) == titles
    image = views_of(build("split_brain"))["image"]
    seen_, asked = build("split_brain").panels({"image": image})[0].images[2:4]
    torch.testing.assert_close(seen_, picture(image, "lightness")[1])
    torch.testing.assert_close(asked, picture(image, "ab")[1])


@pytest.mark.parametrize("name", FAMILY)
def test_grey_data_is_refused(name):
    with pytest.raises(InputError, match="the images are grey"):
        build(name, info=replace(INFO, grey=True))


def test_each_half_has_one_objective():
    with pytest.raises(InputError, match=r"hyper\.half_objectives has 1 entries, but the encoder has 2 halves"):
        build("split_brain", half_objectives=["regression"])


@pytest.mark.parametrize(
    ("name", "inputs", "sentence"),
    [
        ("split_brain", ["lightness", "rgb"], "encoder has the input lightness and rgb, but each half must leave"),
        ("lightness_to_ab", ["lab"], "encoder has the input lab, but each half must leave"),
        ("autoencoder", ["rgb"], "encoder.input is rgb, but an autoencoder has one encoder of lab"),
        ("split_brain_depth", ["depth", "rgb"], "encoder has the input depth and rgb; set two encoder.parts"),
    ],
)
def test_an_encoder_whose_input_contains_its_target_is_refused(name, inputs, sentence):
    parts = [{"backbone": "small_conv", "width": 2, "input": kind} for kind in inputs]
    network = encoder.build({"parts": parts} if len(parts) > 1 else parts[0])
    with pytest.raises(InputError, match=sentence):
        method_class(name).from_recipe(network, INFO, recipe(name)["hyper"])
