"""Effective rank, alignment and uniformity by hand and by their limits."""

import math

import numpy as np
import pytest
import torch

from selfsup.evaluations import geometry
from tests.evaluations.named import named

KEYS = {"test_images": 30, "crop_scale_min": 0.2, "batch_size": 7}


def test_the_effective_rank_is_the_number_of_equal_directions():
    basis = torch.linalg.qr(torch.randn(50, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0]
    for rank in (1, 3, 6):
        assert geometry.effective_rank(basis[:, :rank] @ torch.eye(rank, 6, dtype=torch.float64)) == pytest.approx(rank)
    values = np.array([4.0, 2.0, 1.0])
    share = values / values.sum()
    expected = math.exp(-(share * np.log(share)).sum())
    weighted = basis[:, :3] * torch.from_numpy(values)
    assert geometry.effective_rank(weighted) == pytest.approx(expected)
    assert geometry.effective_rank(7 * weighted) == pytest.approx(expected)
    assert geometry.effective_rank(torch.zeros(5, 3)) == 0


def test_uniformity_is_that_of_all_pairs():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(9, 4, generator=random, dtype=torch.float64)
    unit = (x / x.norm(dim=1, keepdim=True)).numpy()
    pairs = [np.exp(-2 * ((unit[i] - unit[j]) ** 2).sum()) for i in range(9) for j in range(i)]
    assert geometry.uniformity(x) == pytest.approx(math.log(np.mean(pairs)))
    assert geometry.uniformity(torch.ones(5, 3)) == pytest.approx(0)  # collapsed
    assert geometry.uniformity(torch.cat([x, -x])) < geometry.uniformity(torch.cat([x, x]))


def test_crops_are_the_same_for_every_method_and_differ_from_each_other():
    images = torch.randint(0, 256, (5, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    first, again, second = (geometry.crops(images, 3, number, 0.2) for number in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 1


def test_images_of_one_colour_are_aligned_and_others_less(write_prepared, write_run):
    """Crops of an image of one colour are equal, whatever the encoder."""
    random = np.random.default_rng(0)
    plain = random.integers(0, 256, (40, 3, 1, 1)).astype(np.uint8).repeat(16, 2).repeat(16, 3)
    noise = random.integers(0, 256, (40, 3, 16, 16)).astype(np.uint8)
    write_run()
    found = [named(geometry.evaluate(write_prepared([images, images]), **KEYS)) for images in (plain, noise)]
    assert found[0]["alignment"].value == pytest.approx(0, abs=1e-8)
    assert found[1]["alignment"].value > 1e-3
    for measures in found:
        assert 1 <= measures["effective_rank"].value <= measures["dimensions"].value == 32
        assert measures["uniformity"].value <= 0
        assert measures["alignment"].n == 30
