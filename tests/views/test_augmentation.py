"""The whole chain against torchvision's functions in the paper's order, and what draws and chunks promise."""

from dataclasses import replace

import pytest
import torch
import torchvision.transforms.v2.functional as TF
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from selfsup.specs.augmentation import Augmentation
from selfsup.views import augmentation
from selfsup.views.augmentation import apply, draw
from selfsup.views.blur import kernel_px

ASKED = Augmentation(crop_scale_min=0.08, color_strength=1.0, blur_probability=0.5)
COLORS = [TF.adjust_brightness, TF.adjust_contrast, TF.adjust_saturation, TF.adjust_hue]


def drawn(images, seed=0, **changes):
    generator = torch.Generator().manual_seed(seed)
    height_px, width_px = images.shape[2:]
    return draw(replace(ASKED, **changes), len(images), generator, height_px=height_px, width_px=width_px)


def torchvision_view(image, draws, row, size_px):
    view = TF.resized_crop(image.float() / 255, *draws["box"][row].tolist(), [size_px, size_px], antialias=True)
    if draws["flip"][row]:
        view = TF.horizontal_flip(view)
    parameters = [*draws["factors"][row].tolist(), draws["hue"][row].item()]
    for operation in draws["order"][row].tolist():
        view = COLORS[operation](view, parameters[operation])
    if draws["gray"][row]:
        view = TF.rgb_to_grayscale(view, 3)
    sigma = draws["sigma"][row].item()
    return TF.gaussian_blur(view, kernel_px(size_px), sigma) if sigma else view


@pytest.mark.parametrize(("fixture", "size_px"), [("images_32px", 32), ("images_64px", 32), ("images_40x56px", 48)])
def test_the_complete_augmentation_is_torchvisions(fixture, size_px, request):
    images = request.getfixturevalue(fixture)
    draws = drawn(images)
    theirs = torch.stack([torchvision_view(image, draws, row, size_px) for row, image in enumerate(images)])
    ours = apply(ASKED, images, draws, size_px=size_px)
    torch.testing.assert_close(ours, theirs, atol=5e-5, rtol=0)
    assert (ours - theirs).abs().mean() < 1e-6
    backwards = apply(ASKED, images, {**draws, "hue": -draws["hue"]}, size_px=size_px)
    assert (backwards - theirs).abs().mean() > 0.01


@pytest.mark.parametrize("color", ["exact", "shared_order", "affine"])
def test_no_chunk_changes_a_view(images_32px, monkeypatch, color):
    draws = drawn(images_32px)
    whole = apply(replace(ASKED, color=color), images_32px, draws, size_px=32)
    for views in (1, 7, 32):
        monkeypatch.setattr(augmentation, "CHUNK_PIXELS", views * 32 * 32)
        torch.testing.assert_close(
            apply(replace(ASKED, color=color), images_32px, draws, size_px=32), whole, atol=1e-6, rtol=0
        )


def test_a_view_has_the_requested_size(images_64px):
    asked = replace(ASKED, size_px=24)
    assert apply(asked, images_64px, drawn(images_64px, size_px=24), size_px=64).shape[2:] == (24, 24)


def test_layout_and_type(images_64px):
    view = apply(ASKED, images_64px, drawn(images_64px), size_px=32)
    assert view.shape == (len(images_64px), 3, 32, 32)
    assert view.dtype == torch.float32
    assert view.is_contiguous(memory_format=torch.channels_last)


def test_an_identity_draw_returns_the_image(images_32px):
    off = {"flip_probability": 0.0, "color_strength": 0.0, "gray_probability": 0.0, "blur_probability": 0.0}
    draws = drawn(images_32px, **off)
    draws["box"] = torch.tensor([[0, 0, 32, 32]]).repeat(len(images_32px), 1)
    torch.testing.assert_close(apply(ASKED, images_32px, draws, size_px=32), images_32px / 255, atol=1e-6, rtol=0)


def test_images_and_draws_are_not_changed(images_32px):
    draws = drawn(images_32px)
    before = {name: tensor.clone() for name, tensor in draws.items()} | {"image": images_32px.clone()}
    apply(ASKED, images_32px, draws, size_px=32)
    assert all(torch.equal(before[name], tensor) for name, tensor in {**draws, "image": images_32px}.items())


def test_draws_depend_on_the_seed_only(images_32px):
    first, again, other = drawn(images_32px, 5), drawn(images_32px, 5), drawn(images_32px, 6)
    assert first.keys() == {"box", "flip", "factors", "hue", "order", "gray", "sigma"}
    for name, tensor in first.items():
        assert torch.equal(tensor, again[name])
        assert not torch.equal(tensor, other[name])
        assert len(tensor) == len(images_32px)
        assert tensor.device.type == "cpu"


def test_a_strength_changes_no_other_draw(images_32px):
    """Two recipes that differ in colour see the same crops: their difference is the colour's."""
    plain, strong = drawn(images_32px, color_strength=0.0), drawn(images_32px, color_strength=1.0)
    assert (plain["factors"] == 1).all()
    assert (plain["hue"] == 0).all()
    for name in ("box", "flip", "order", "gray", "sigma"):
        assert torch.equal(plain[name], strong[name])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**31), color=st.sampled_from(["exact", "shared_order", "affine"]), strength=st.floats(0, 2.5)
)
def test_views_stay_between_0_and_1(images_32px, seed, color, strength):
    view = apply(
        replace(ASKED, color=color), images_32px, drawn(images_32px, seed, color_strength=strength), size_px=32
    )
    assert torch.isfinite(view).all()
    assert 0 <= view.min() <= view.max() <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"color_strength": 9.0},
        {"color_strength": -0.1},
        {"crop_scale_min": 0.0},
        {"crop_scale_min": 3.0},
        {"crop_scale_min": 0.5, "crop_scale_max": 0.4},
        {"flip_probability": 1.01},
        {"jitter_probability": -0.1},
        {"gray_probability": 1.5},
        {"blur_probability": float("nan")},
    ],
)
def test_invalid_values_are_refused_by_key(changes):
    key = next(iter(changes))
    with pytest.raises(ValidationError, match=key):
        replace(ASKED, **changes)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("color", ["exact", "shared_order", "affine"])
def test_cuda_gives_the_same_views(images_64px, color):
    draws = drawn(images_64px)
    there = {name: tensor.cuda() for name, tensor in draws.items()}
    ours = apply(replace(ASKED, color=color), images_64px.cuda(), there, size_px=32).cpu()
    torch.testing.assert_close(
        ours, apply(replace(ASKED, color=color), images_64px, draws, size_px=32), atol=1e-4, rtol=0
    )
