"""Nearest-neighbour fills: the candidate that is meant is found, and its region is copied."""

import numpy as np
import torch
from skimage.feature import hog as of_image

from selfsup.evaluations.baselines.nearest_context import context_histogram, hog, last_maps, nearest_fill
from selfsup.nn.encoder import build


def images(count, seed, size_px=32):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 3, size_px, size_px)).astype(np.uint8))


def test_the_hole_is_copied_from_the_nearest_by_cosine():
    original, candidates = images(2, 0, 4), images(3, 1, 4)
    mask = torch.zeros(2, 4, 4, dtype=torch.bool)
    mask[:, 1:3, 1:] = True
    queried = torch.tensor([[0.1, 1.0], [1.0, 0.2]])
    offered = torch.tensor([[9.0, 0.0], [3.0, 3.0], [0.0, 0.1]])  # lengths that would mislead a product or a distance
    filled = nearest_fill(original, mask, candidates, queried, offered)
    for n, nearest in enumerate((2, 0)):
        assert torch.equal(filled[n, :, 1:3, 1:], candidates[nearest, :, 1:3, 1:])
        assert torch.equal(filled[n][:, ~mask[n]], original[n][:, ~mask[n]])


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
        expected = of_image(np.moveaxis(image, 0, -1), 9, (8, 8), (2, 2), channel_axis=-1)
        np.testing.assert_allclose(row, expected)


def test_last_maps_keep_places_and_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    encoder = build({"backbone": "small_conv", "width": 2}).eval()
    given = images(5, 3)
    found = last_maps(encoder, given, 2)
    assert found.shape == (5, 16 * 2 * 2)
    assert not found.requires_grad
    torch.testing.assert_close(found, encoder.maps(given)["conv4"].flatten(1).detach())
