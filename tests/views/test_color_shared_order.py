"""The jitter by chunks is the exact one for any orders, and 32 views share an order."""

import itertools
from dataclasses import replace

import torch

from selfsup.specs.augmentation import Augmentation
from selfsup.views.augmentation import apply, draw
from selfsup.views.color import draw_jitter, jitter_
from selfsup.views.color_shared_order import jitter_in_chunks_, share_order


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
