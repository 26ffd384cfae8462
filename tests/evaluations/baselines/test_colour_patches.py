import numpy as np
import torch

from selfsup.evaluations.baselines.colour_patches import colour_patches, random_places


def image(height=6, width=8):
    return torch.randint(256, (3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_patch_holds_the_colours_around_its_pixel():
    found = colour_patches(image(), 5)
    assert found.shape == (75, 6, 8)
    expected = image()[:, 1:6, 2:7].float() / 255  # around row 3, column 4
    assert torch.allclose(found[:, 3, 4].view(3, 5, 5), expected)


def test_beyond_the_border_is_the_border():
    found = colour_patches(image(), 3)[:, 0, 0].view(3, 3, 3)
    assert torch.allclose(found[:, 0, 0], image()[:, 0, 0] / 255)
    assert torch.allclose(found[:, 0, 2], image()[:, 0, 1] / 255)


def test_chance_is_any_pixel():
    places = random_places(6000, (6, 8), torch.Generator().manual_seed(0))
    counts = np.histogram2d(*places.numpy().T, bins=(8, 6), range=((0, 8), (0, 6)))[0]
    assert counts.min() > 70
    assert counts.max() < 190
    assert torch.equal(places % 1, torch.full_like(places, 0.5))
