"""The turned hue against torchvision's way through HSV."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.views.hue import turn_hue_

TF = pytest.importorskip("torchvision.transforms.v2.functional")


@pytest.mark.parametrize("turns", [-0.5, -0.31, -0.2, -0.01, 0.07, 0.2, 0.5])
def test_is_adjust_hue(images_32px, turns):
    images = images_32px / 255
    theirs = TF.adjust_hue(images, turns)
    ours = turn_hue_(images.clone(), torch.full((len(images),), turns))
    torch.testing.assert_close(ours, theirs, atol=5e-6, rtol=0)


def test_the_other_direction_is_another_image(images_32px):
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
def test_value_and_smallest_channel_stay(colour, turns):
    """Ties and nearly grey pixels included; the extremes are met where the hue lands on a primary, and bound it always."""
    pixel = torch.tensor(colour).view(1, 3, 1, 1)
    turned = turn_hue_(pixel.clone(), torch.tensor([turns]))
    torch.testing.assert_close(turned.amax(), pixel.amax(), atol=1e-6, rtol=0)
    torch.testing.assert_close(turned.amin(), pixel.amin(), atol=1e-6, rtol=0)
    torch.testing.assert_close(turned, TF.adjust_hue(pixel, turns), atol=2e-6, rtol=0)
