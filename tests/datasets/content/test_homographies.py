"""Homographies, images and matches mapped by them, and photometric changes."""

import numpy as np
import pytest

from selfsup.datasets.content.homographies import (
    CORNERS,
    centres,
    draw_homography,
    matches,
    moved,
    of_corners,
    photometric,
    warp,
)

RANGES = {"turn_deg": 40.0, "scale": (0.7, 1.4), "corner_shift": 0.12}


def random_homography(seed: int) -> np.ndarray:
    return draw_homography(np.random.default_rng(seed), **RANGES)


def test_corners_are_mapped_to_the_given_corners() -> None:
    corners = np.array([[-0.9, -1.2], [1.1, -0.7], [0.8, 1.3], [-1.4, 0.6]])
    assert np.allclose(moved(of_corners(corners), CORNERS), corners)
    assert np.allclose(of_corners(CORNERS), np.eye(3))


def test_a_homography_keeps_lines_and_has_an_inverse() -> None:
    homography = random_homography(0)
    line = np.stack([np.linspace(-1, 1, 9), 0.3 * np.linspace(-1, 1, 9) + 0.1], 1)
    found = moved(homography, line)
    slopes = np.diff(found[:, 1]) / np.diff(found[:, 0])
    assert np.allclose(slopes, slopes[0])
    assert not np.allclose(np.diff(found[:, 0]), np.diff(found[:, 0])[0])  # perspective: not affine
    assert np.allclose(moved(np.linalg.inv(homography), found), line)


def test_ranges_bound_the_random_homographies() -> None:
    corners = np.stack([moved(random_homography(seed), CORNERS) for seed in range(300)])
    middle = corners.mean(1)
    assert np.abs(middle).max() < 2 * 0.12
    sides = np.linalg.norm(corners - np.roll(corners, 1, 1), axis=2)
    assert 2 * 0.7 - 0.7 < sides.min() < 2 * 0.7
    assert 2 * 1.4 < sides.max() < 2 * 1.4 + 0.7
    still = draw_homography(np.random.default_rng(0), turn_deg=0.0, scale=(1.0, 1.0), corner_shift=0.0)
    assert np.allclose(still, np.eye(3))


@pytest.mark.parametrize("seed", range(6))
def test_a_pixel_has_the_colour_of_its_match(seed: int) -> None:
    """On a smooth image the second's colour at a match, between pixels, is the first's."""
    size_px = 64
    x, y = np.moveaxis(centres(size_px), -1, 0)
    image = np.stack([x, y, x * y]).astype(np.float32) / 2 + 0.5
    homography = random_homography(seed)
    second, inside = warp(image, homography)
    match = matches(homography, size_px)
    known = ~np.isnan(match[..., 0])
    assert known.mean() > 0.25
    column, row = np.floor(match[known] - 0.5).astype(int).T
    deep = (column >= 0) & (row >= 0) & (column < size_px - 1) & (row < size_px - 1)
    column, row = column[deep], row[deep]
    deep_in = inside[row, column] & inside[row + 1, column] & inside[row, column + 1] & inside[row + 1, column + 1]
    column, row, place = column[deep_in], row[deep_in], match[known][deep][deep_in]
    a, b = (place - 0.5 - np.stack([column, row], 1)).T
    seen = (
        second[:, row, column] * (1 - a) * (1 - b)
        + second[:, row, column + 1] * a * (1 - b)
        + second[:, row + 1, column] * (1 - a) * b
        + second[:, row + 1, column + 1] * a * b
    )
    assert len(a) > 500
    assert np.abs(seen - image[:, known][:, deep][:, deep_in]).max() < 0.01


def test_positions_outside_have_no_match_and_no_colour() -> None:
    homography = of_corners(CORNERS / 2)  # half as large, in the middle
    second, inside = warp(np.ones((3, 32, 32), np.float32), homography)
    assert inside.sum() == 16 * 16
    assert np.array_equal(second[0] > 0, inside)
    match = matches(of_corners(2 * CORNERS), 32)  # twice as large: only the middle quarter is left
    assert (~np.isnan(match[..., 0])).sum() == 16 * 16


def test_positions_mapped_to_infinity_are_nan() -> None:
    homography = np.array([[1.0, 0, 0], [0, 1, 0], [2, 0, 1]])
    assert np.isnan(moved(homography, np.array([[-0.5, 0.0], [-0.9, 0.0]]))).all()


def grey_image() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.7, (3, 16, 16)).astype(np.float32)


def test_photometric_without_strength_and_noise_is_the_identity() -> None:
    same = photometric(grey_image(), np.random.default_rng(1), strength=0.0, noise=0.0)
    assert same.dtype == np.float32
    assert np.allclose(same, grey_image(), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_light_changes_each_colour_linearly(seed: int) -> None:
    changed = photometric(grey_image(), np.random.default_rng(seed), strength=0.3, noise=0.0)
    inside = (changed > 0) & (changed < 1)
    for before, after, free in zip(grey_image(), changed, inside, strict=True):
        slope, shift = np.polyfit(before[free], after[free], 1)
        assert np.exp(-0.6) < slope < np.exp(0.6)
        assert np.abs(slope * before[free] + shift - after[free]).max() < 1e-5


def test_noise_is_bounded_and_values_stay_in_the_range() -> None:
    changes = [
        photometric(grey_image(), np.random.default_rng(seed), strength=0.0, noise=0.1) - grey_image()
        for seed in range(40)
    ]
    spread = np.std(changes, axis=(1, 2, 3))
    assert spread.min() < 0.02
    assert 0.07 < spread.max() < 0.11
    hard = photometric(grey_image(), np.random.default_rng(0), strength=3.0, noise=0.5)
    assert (hard.min(), hard.max()) == (0, 1)
