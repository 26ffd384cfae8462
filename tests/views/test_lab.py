"""Lab against scikit-image, there and back, and what is known of it by hand."""

import pytest
import torch
from skimage.color import lab2rgb, rgb2lab

from selfsup.views.lab import lab_to_rgb, rgb_to_lab


def colours(count=2, height=9, width=11, seed=0):
    """Random colours, half of them dark: below the thresholds where both curves are straight lines."""
    drawn = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    drawn[count // 2 :] *= 0.06
    return drawn


def peer(function, images):
    return torch.from_numpy(function(images.movedim(1, -1).numpy())).movedim(-1, 1)


def test_lab_is_scikit_images():
    torch.testing.assert_close(rgb_to_lab(colours()), peer(rgb2lab, colours()), rtol=0, atol=1e-4)


def test_rgb_is_scikit_images():
    lab = peer(rgb2lab, colours())
    torch.testing.assert_close(lab_to_rgb(lab), peer(lab2rgb, lab), rtol=0, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_colours_outside_the_gamut_are_clipped_as_by_scikit_image():
    draws = torch.Generator().manual_seed(4)
    span = torch.tensor([100.0, 220.0, 220.0], dtype=torch.float64)[:, None, None]
    lab = (
        torch.rand(3, 3, 8, 8, generator=draws, dtype=torch.float64) * span
        - torch.tensor([0.0, 110, 110])[:, None, None]
    )
    torch.testing.assert_close(lab_to_rgb(lab), peer(lab2rgb, lab), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-6), (torch.float32, 1e-4)])
def test_round_trip(dtype, atol):
    images = colours().to(dtype)
    back = lab_to_rgb(rgb_to_lab(images))
    assert back.dtype == dtype
    torch.testing.assert_close(back, images, rtol=0, atol=atol)


def test_round_trip_of_all_8_bit_levels():
    levels = torch.arange(256, dtype=torch.uint8)
    images = torch.stack([levels, levels.flip(0), levels.roll(77)])[None, :, :, None]
    back = lab_to_rgb(rgb_to_lab(images.float() / 255))
    assert torch.equal((back * 255).round().to(torch.uint8), images)


def test_grey_has_no_colour_and_white_is_100():
    grey = torch.linspace(0, 1, 21, dtype=torch.float64)[None, None, :, None].expand(1, 3, 21, 1)
    lab = rgb_to_lab(grey)[0, :, :, 0]
    assert lab[1:].abs().max() < 0.02  # the rows of the published matrix do not quite sum to the white
    assert (lab[0].diff() > 0).all()
    torch.testing.assert_close(lab[0, [0, -1]], torch.tensor([0.0, 100.0], dtype=torch.float64), rtol=0, atol=1e-2)


@pytest.mark.parametrize(("rgb", "sign_a", "sign_b"), [((1, 0, 0), 1, 1), ((0, 1, 0), -1, 1), ((0, 0, 1), 1, -1)])
def test_a_is_red_against_green_and_b_yellow_against_blue(rgb, sign_a, sign_b):
    _, a, b = rgb_to_lab(torch.tensor(rgb, dtype=torch.float32)[None, :, None, None]).flatten().tolist()
    assert a * sign_a > 50
    assert b * sign_b > 50


def test_gradient_is_finite_at_black():
    black = torch.zeros(1, 3, 1, 1, requires_grad=True)
    rgb_to_lab(black).sum().backward()
    assert black.grad.isfinite().all()
