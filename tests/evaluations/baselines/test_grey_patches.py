"""Raw patches: one vector a place, of the pixels around it."""

import pytest
import torch

from selfsup.evaluations.baselines.grey_patches import grey_patches
from selfsup.seeds import generator
from selfsup.views.lab import rgb_to_lab


@pytest.mark.parametrize("size", [(16, 24), (17, 22)])
def test_each_place_has_the_lightness_around_it(size):
    images = torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8, generator=generator(0, "i"))
    found = grey_patches(images, stride=4, patch_px=12)
    assert found.shape == (2, 144, -(-size[0] // 4), -(-size[1] // 4))
    lightness = rgb_to_lab(images.float() / 255)[:, 0] / 50 - 1
    patch = lightness[1, 4:16, 8:20].flatten()  # the place in row 2, column 3 covers rows 8 to 12, columns 12 to 16
    torch.testing.assert_close(found[1, :, 2, 3], patch / patch.norm())


def test_colour_is_not_seen():
    grey = torch.full((1, 3, 8, 8), 119, dtype=torch.uint8)
    other = torch.tensor([[[[0]], [[137]], [[139]]]], dtype=torch.uint8).expand(-1, -1, 8, 8)  # about as light
    difference = grey_patches(grey, stride=4, patch_px=4) - grey_patches(other, stride=4, patch_px=4)
    assert difference.abs().max() < 0.02
