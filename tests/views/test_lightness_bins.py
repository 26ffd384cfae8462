"""Bins of lightness: equal sizes, and each lightness in the bin whose centre is nearest."""

import pytest
import torch

from selfsup.views.lightness_bins import lightness_bins, nearest_lightness


@pytest.mark.parametrize("count", [1, 3, 50])
def test_bins_have_one_size_and_cover_the_range(count):
    centres = lightness_bins(count)
    assert centres.shape == (count, 1)
    size = 100 / count
    torch.testing.assert_close(centres[:, 0], torch.tensor([size * (bin_ + 0.5) for bin_ in range(count)]))


@pytest.mark.parametrize("scale", [1.0, 0.02])
def test_nearest_is_the_nearest_of_all(scale):
    centres = lightness_bins(50) * scale
    lightness = 120 * torch.rand(4, 1, 5, 7, generator=torch.Generator().manual_seed(0)) - 10
    distance = (lightness[:, 0, :, :, None] * scale - centres[:, 0]).abs()
    index = nearest_lightness(lightness * scale, centres)
    assert index.dtype == torch.int64
    assert torch.equal(index, distance.argmin(-1))


def test_ends_of_the_range_and_a_border():
    lightness = torch.tensor([0.0, 1.9, 2.0, 2.1, 99.9, 100.0])[None, None, None]
    assert nearest_lightness(lightness, lightness_bins(50)).flatten().tolist() == [0, 0, 0, 1, 49, 49]
