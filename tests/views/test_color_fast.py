"""The faster jitters: in chunks exact for any orders; affine exact without clamping and hue changes, else close."""

import itertools
from dataclasses import replace

import torch

from selfsup.specs.augmentation import Augmentation
from selfsup.views.augmentation import apply, draw
from selfsup.views.color import draw_jitter, jitter_
from selfsup.views.color_fast import affine_jitter_, jitter_in_chunks_, share_order


def test_chunks_are_jittered_exactly(images_32px):
    images = images_32px / 255
    parameters = draw_jitter(
        len(images),
        torch.Generator().manual_seed(0),
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2,
        probability=0.8,
    )
    shared = {**parameters, "order": share_order(parameters["order"])}
    for drawn in (parameters, shared):
        ours = jitter_in_chunks_(images.clone(), **drawn)
        torch.testing.assert_close(ours, jitter_(images.clone(), **drawn), atol=1e-6, rtol=0)


def test_32_views_share_the_first_ones_order():
    order = torch.tensor(list(itertools.permutations(range(4)))).repeat(3, 1)[:70]
    shared = share_order(order)
    assert torch.equal(shared, order[[0] * 32 + [32] * 32 + [64] * 6])
    assert len(shared.unique(dim=0)) == 3


def test_the_composition_shares_orders(images_32px):
    asked = Augmentation(crop_scale_min=0.2, color_strength=1.0)
    draws = draw(asked, len(images_32px), torch.Generator().manual_seed(1), height_px=32, width_px=32)
    ours = apply(replace(asked, color="shared_order"), images_32px, draws, size_px=32)
    exact = apply(asked, images_32px, {**draws, "order": share_order(draws["order"])}, size_px=32)
    torch.testing.assert_close(ours, exact, atol=1e-6, rtol=0)
    assert (ours - apply(asked, images_32px, draws, size_px=32)).abs().mean() > 1e-3


def drawn(examples, **changes):
    strengths = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "probability": 0.8}
    return draw_jitter(examples, torch.Generator().manual_seed(0), **{**strengths, **changes})


def test_exact_where_nothing_clamps(images_32px):
    """Values within 0.3 to 0.5 and factors within 0.8 to 1.2 stay inside [0, 1] after every operation."""
    images = 0.3 + 0.2 * images_32px / 255
    parameters = drawn(len(images), brightness=0.2, contrast=0.2, saturation=0.2, hue=0.0)
    ours = affine_jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, jitter_(images.clone(), **parameters), atol=1e-5, rtol=0)
    assert (ours - images).abs().mean() > 0.01


def test_near_the_exact_jitter(images_32px):
    images = images_32px / 255
    parameters = drawn(len(images))
    exact = jitter_(images.clone(), **parameters)
    ours = affine_jitter_(images.clone(), **parameters)
    backwards = affine_jitter_(images.clone(), **{**parameters, "hue": -parameters["hue"]})
    error = (ours - exact).abs().mean()
    assert error < 0.05
    assert (backwards - exact).abs().mean() > 1.3 * error


def test_hue_turns_as_the_exact_one():
    red = torch.tensor([0.6, 0.4, 0.4]).view(1, 3, 1, 1)
    parameters = {"factors": torch.ones(1, 3), "hue": torch.tensor([0.1]), "order": torch.arange(4)[None]}
    towards_green = affine_jitter_(red.clone(), **parameters).flatten()
    assert towards_green[1] > towards_green[2] + 0.02


def test_identity_and_range(images_32px):
    images = images_32px / 255
    parameters = drawn(len(images), probability=0.0)
    torch.testing.assert_close(affine_jitter_(images.clone(), **parameters), images, atol=1e-6, rtol=0)
    jittered = affine_jitter_(images.clone(), **drawn(len(images)))
    assert 0 <= jittered.min() <= jittered.max() <= 1
