"""Luma, hue and jitter against torchvision's functions, one by one and in each view's order; how factors are distributed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from selfsup.views.color import BRIGHTNESS, CONTRAST, HUE, SATURATION, draw_jitter, grayscale_, jitter_, luma, turn_hue_

TF = pytest.importorskip("torchvision.transforms.v2.functional")


def test_luma_is_torchvisions(images_40x56px):
    images = images_40x56px / 255
    torch.testing.assert_close(luma(images), TF.rgb_to_grayscale(images)[:, 0], atol=1e-7, rtol=0)


def test_only_selected_views_become_grey(images_32px):
    images = images_32px / 255
    gray = torch.arange(len(images)) % 3 == 0
    ours = grayscale_(images.clone(), gray)
    torch.testing.assert_close(ours[gray], TF.rgb_to_grayscale(images[gray], 3), atol=1e-7, rtol=0)
    assert torch.equal(ours[~gray], images[~gray])


@pytest.mark.parametrize("turns", [-0.5, -0.31, -0.2, -0.01, 0.07, 0.2, 0.5])
def test_turn_hue_equals_adjust_hue(images_32px, turns):
    images = images_32px / 255
    expected = TF.adjust_hue(images, turns)
    ours = turn_hue_(images.clone(), torch.full((len(images),), turns))
    torch.testing.assert_close(ours, expected, atol=5e-6, rtol=0)


def test_the_opposite_hue_turn_gives_a_different_image(images_32px):
    """Marginal statistics cannot tell the sign of the turn: only the same parameters on the same image do."""
    images = images_32px / 255
    turned = turn_hue_(images.clone(), torch.full((len(images),), -0.1))
    assert (turned - TF.adjust_hue(images, 0.1)).abs().mean() > 0.02


def test_red_turns_to_green_to_blue():
    red = torch.tensor([1.0, 0.25, 0.25]).view(1, 3, 1, 1)
    green = turn_hue_(red.clone(), torch.tensor([1 / 3]))
    blue = turn_hue_(green.clone(), torch.tensor([1 / 3]))
    torch.testing.assert_close(green.flatten(), torch.tensor([0.25, 1.0, 0.25]))
    torch.testing.assert_close(blue.flatten(), torch.tensor([0.25, 0.25, 1.0]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.50001, 0.9, 1.0]), min_size=3, max_size=3), st.floats(-0.5, 0.5))
def test_turning_the_hue_keeps_the_largest_and_smallest_channel(colour, turns):
    """Ties and nearly grey pixels included; the extremes are met where the hue lands on a primary, and bound it always."""
    pixel = torch.tensor(colour).view(1, 3, 1, 1)
    turned = turn_hue_(pixel.clone(), torch.tensor([turns]))
    torch.testing.assert_close(turned.amax(), pixel.amax(), atol=1e-6, rtol=0)
    torch.testing.assert_close(turned.amin(), pixel.amin(), atol=1e-6, rtol=0)
    torch.testing.assert_close(turned, TF.adjust_hue(pixel, turns), atol=2e-6, rtol=0)


TORCHVISION = [TF.adjust_brightness, TF.adjust_contrast, TF.adjust_saturation, TF.adjust_hue]


def torchvision_jitter(images, factors, hue, order):
    jittered = []
    for image, factor, turns, operations in zip(images, factors.tolist(), hue.tolist(), order.tolist(), strict=True):
        for operation in operations:
            image = TORCHVISION[operation](image, [*factor, turns][operation])
        jittered.append(image)
    return torch.stack(jittered)


def identity(examples):
    return {
        "factors": torch.ones(examples, 3),
        "hue": torch.zeros(examples),
        "order": torch.arange(4).repeat(examples, 1),
    }


@pytest.mark.parametrize("operation", [BRIGHTNESS, CONTRAST, SATURATION])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
def test_each_blend_is_torchvisions(images_40x56px, operation, factor):
    images = images_40x56px / 255
    parameters = identity(len(images))
    parameters["factors"][:, operation] = factor
    ours = jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, TORCHVISION[operation](images, factor), atol=1e-6, rtol=0)


def test_the_complete_jitter_is_torchvisions(images_32px):
    images = images_32px / 255
    generator = torch.Generator().manual_seed(0)
    parameters = draw_jitter(
        len(images), generator, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, probability=0.8
    )
    assert len(parameters["order"].unique(dim=0)) > 12
    ours = jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, torchvision_jitter(images, **parameters), atol=2e-5, rtol=0)


def test_the_order_of_operations_is_kept(images_32px):
    """Every one of the 24 orders, on one image whose four factors do not commute."""
    image = images_32px[10:11] / 255
    order = torch.cartesian_prod(*[torch.arange(4)] * 4)
    order = order[order.sort(1).values.eq(torch.arange(4)).all(1)]
    parameters = {
        "factors": torch.tensor([[1.6, 0.4, 1.7]]).expand(24, 3),
        "hue": torch.full((24,), 0.15),
        "order": order,
    }
    images = image.repeat(24, 1, 1, 1)
    ours = jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, torchvision_jitter(images, **parameters), atol=2e-5, rtol=0)
    assert torch.pdist(ours.flatten(1)).min() > 0 or len(ours.flatten(1).unique(dim=0)) > 12


def test_identity_factors_change_nothing(images_32px):
    images = images_32px / 255
    assert torch.equal(jitter_(images.clone(), **identity(len(images))), images)


@pytest.mark.parametrize(("strength", "low", "high"), [(0.8, 0.2, 1.8), (1.5, 0.0, 2.5)])
def test_factors_are_uniform(strength, low, high):
    drawn = draw_jitter(
        6000,
        torch.Generator().manual_seed(1),
        brightness=strength,
        contrast=strength,
        saturation=strength,
        hue=0.2,
        probability=0.75,
    )
    on = drawn["hue"] != 0
    assert abs(on.float().mean() - 0.75) < 4 * (0.75 * 0.25 / 6000) ** 0.5
    assert (drawn["factors"][~on] == 1).all()
    for column in drawn["factors"][on].T:
        assert kstest(column.numpy(), "uniform", (low, high - low)).pvalue > 1e-3
    assert kstest(drawn["hue"][on].numpy(), "uniform", (-0.2, 0.4)).pvalue > 1e-3


def test_orders_are_uniform():
    drawn = draw_jitter(
        4800, torch.Generator().manual_seed(2), brightness=0, contrast=0, saturation=0, hue=0, probability=0.5
    )
    _, counts = drawn["order"].unique(dim=0, return_counts=True)
    assert len(counts) == 24
    assert chisquare(counts.numpy()).pvalue > 1e-3
    assert drawn["order"].max() == HUE
