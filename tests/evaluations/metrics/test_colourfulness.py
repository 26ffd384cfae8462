"""Colourfulness by hand, image by image."""

import pytest
import torch

from selfsup.evaluations.metrics.colourfulness import colourfulness


def by_hand(image):
    pixels = image.double().flatten(1).T.tolist()
    rg = [r - g for r, g, _ in pixels]
    yb = [(r + g) / 2 - b for r, g, b in pixels]

    def mean(values):
        return sum(values) / len(values)

    def variance(values):
        return mean([(v - mean(values)) ** 2 for v in values])

    return (variance(rg) + variance(yb)) ** 0.5 + 0.3 * (mean(rg) ** 2 + mean(yb) ** 2) ** 0.5


def test_each_image_has_its_own():
    images = torch.randint(0, 256, (3, 3, 4, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images[1] //= 3
    torch.testing.assert_close(colourfulness(images).tolist(), [by_hand(image) for image in images])


def test_grey_is_zero_and_one_colour_is_its_distance_from_grey():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    images[0] = 90
    images[1, 0] = 200  # red - green is 200, yellow - blue 100
    grey, red = colourfulness(images).tolist()
    assert grey == 0
    assert red == pytest.approx(0.3 * (200**2 + 100**2) ** 0.5)
