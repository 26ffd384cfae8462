"""Jitter against torchvision's functions, one by one and in each view's own order; and the law of its factors."""

import pytest
import torch
from scipy.stats import chisquare, kstest

from selfsup.views.color import BRIGHTNESS, CONTRAST, HUE, SATURATION, draw_jitter, jitter_

TF = pytest.importorskip("torchvision.transforms.v2.functional")

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


def test_whole_jitter_is_torchvisions(images_32px):
    images = images_32px / 255
    generator = torch.Generator().manual_seed(0)
    parameters = draw_jitter(
        len(images), generator, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, probability=0.8
    )
    assert len(parameters["order"].unique(dim=0)) > 12
    ours = jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, torchvision_jitter(images, **parameters), atol=2e-5, rtol=0)


def test_order_matters_and_is_kept(images_32px):
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
def test_law_of_the_factors(strength, low, high):
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
