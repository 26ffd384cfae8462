"""Descriptors of raw pixels: histograms, HOG as scikit-image's, patches around each pixel or cell."""

import numpy as np
import pytest
import torch
from skimage.feature import hog as image_hog

from selfsup.evaluations.baselines.raw_pixels import (
    colour_histogram,
    colour_patches,
    context_histogram,
    grey_patches,
    hog,
)
from selfsup.seeds import generator
from selfsup.views.lab import rgb_to_lab


def images(count, seed, size_px=32):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 3, size_px, size_px)).astype(np.uint8))


def test_colour_histogram_counts_pixels():
    image = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    image[1, 0] = 255  # three red pixels and one white
    image[1, 1:, 0, 0] = 255
    found = colour_histogram(image)
    assert found.shape == (2, 64)
    assert found[0, 0] == 1
    assert {int(i): float(found[1, i]) for i in found[1].nonzero()} == {48: 0.75, 63: 0.25}
    levels = torch.tensor([63, 64, 127, 128, 191, 192], dtype=torch.uint8).view(6, 1, 1, 1)
    blue = torch.cat([torch.zeros(6, 2, 1, 1, dtype=torch.uint8), levels], 1)
    assert colour_histogram(blue).argmax(1).tolist() == [0, 1, 1, 2, 2, 3]


def test_histogram_is_that_of_the_visible_pixels():
    mask = torch.zeros(3, 8, 8, dtype=torch.bool)
    mask[0, 2:5, 3:6] = True
    mask[1, :4] = True
    image = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
    image[0, 0, 0] = 255  # a row of eight red pixels
    image[1, :, :6] = 255  # white, two rows of it visible
    image[2] = 255
    found = context_histogram(image, mask)
    assert found.shape == (3, 64)
    assert {int(i): float(found[0, i]) for i in found[0].nonzero()} == {
        0: np.float32(47 / 55),
        48: np.float32(8 / 55),
    }
    assert {int(i): float(found[1, i]) for i in found[1].nonzero()} == {0: 0.5, 63: 0.5}
    assert found[2, 63] == 1
    hidden = torch.where(mask[:, None], images(3, 5, 8), image)
    assert torch.equal(context_histogram(hidden, mask), found)


def test_hog_is_that_of_scikit_image_on_channels_last():
    given = images(3, 2)
    found = hog(given, 8)
    assert found.shape == (3, 3 * 3 * 2 * 2 * 9)
    for image, row in zip(given.numpy(), found.numpy(), strict=True):
        expected = image_hog(np.moveaxis(image, 0, -1), 9, (8, 8), (2, 2), channel_axis=-1)
        np.testing.assert_allclose(row, expected, atol=2e-6)


def image(height=6, width=8):
    return torch.randint(256, (3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_patch_has_the_colours_around_its_pixel():
    found = colour_patches(image(), 5)
    assert found.shape == (75, 6, 8)
    expected = image()[:, 1:6, 2:7].float() / 255  # around row 3, column 4
    assert torch.allclose(found[:, 3, 4].view(3, 5, 5), expected)


def test_colour_patches_replicate_the_border():
    found = colour_patches(image(), 3)[:, 0, 0].view(3, 3, 3)
    assert torch.allclose(found[:, 0, 0], image()[:, 0, 0] / 255)
    assert torch.allclose(found[:, 0, 2], image()[:, 0, 1] / 255)


@pytest.mark.parametrize("size", [(16, 24), (17, 22)])
def test_each_cell_has_the_lightness_around_it(size):
    images = torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8, generator=generator(0, "i"))
    found = grey_patches(images, stride=4, patch_px=12)
    assert found.shape == (2, 144, -(-size[0] // 4), -(-size[1] // 4))
    lightness = rgb_to_lab(images.float() / 255)[:, 0] / 50 - 1
    patch = lightness[1, 4:16, 8:20].flatten()  # the cell in row 2, column 3 covers rows 8 to 12, columns 12 to 16
    torch.testing.assert_close(found[1, :, 2, 3], patch / patch.norm())


def test_grey_patches_ignore_colour():
    grey = torch.full((1, 3, 8, 8), 119, dtype=torch.uint8)
    other = torch.tensor([[[[0]], [[137]], [[139]]]], dtype=torch.uint8).expand(-1, -1, 8, 8)  # about as light
    difference = grey_patches(grey, stride=4, patch_px=4) - grey_patches(other, stride=4, patch_px=4)
    assert difference.abs().max() < 0.02
