"""Patches: inside the image, gaps and jitter as promised, exact pixels, and normalised each by itself."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.views import patches

EXAMPLES = 50
SIZES = st.tuples(st.integers(1, 9), st.integers(0, 6), st.integers(0, 5), st.integers(0, 4))


def corners_of(size_px, patch_px, pitch_px, room_px, examples=EXAMPLES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return patches.draw_corners(
        examples, generator, size_px=size_px, patch_px=patch_px, pitch_px=pitch_px, room_px=room_px
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7))
def test_tiles_reassemble_the_image(patch_px):
    images = torch.randint(0, 256, (3, 3, 3 * patch_px, 3 * patch_px), dtype=torch.uint8)
    corners = corners_of(3 * patch_px, patch_px, patch_px, 0, examples=3)
    tiles = patches.cut(images, corners, patch_px)
    rows = [torch.cat(list(tiles[:, 3 * row : 3 * row + 3].unbind(1)), 3) for row in range(3)]
    assert torch.equal(torch.cat(rows, 2), images)


@settings(max_examples=40, deadline=None)
@given(SIZES)
def test_patches_stay_inside_and_gaps_and_jitter_in_bounds(sizes):
    patch_px, gap_px, room_px, spare_px = sizes
    pitch_px = patch_px + gap_px
    size_px = patches.grid_extent_px(patch_px, pitch_px, room_px) + spare_px
    corners = corners_of(size_px, patch_px, pitch_px, room_px)
    assert corners.min() >= 0
    assert (corners + patch_px).max() <= size_px
    grid = corners.unflatten(1, (3, 3))
    for gap in (grid[:, 1:, :, 0] - grid[:, :-1, :, 0], grid[:, :, 1:, 1] - grid[:, :, :-1, 1]):
        assert ((gap - pitch_px).abs() <= room_px).all()
    for row in (grid[..., 0].diff(dim=2), grid[..., 1].diff(dim=1)):
        assert (row.abs() <= room_px).all()


def test_every_place_and_every_move_occurs():
    corners = corners_of(size_px=30, patch_px=6, pitch_px=8, room_px=3, examples=2000)
    free_px = 30 - patches.grid_extent_px(6, 8, 3)
    for number in range(9):
        row, column = divmod(number, 3)
        for axis, cell in enumerate((row, column)):
            reached = corners[:, number, axis] - 8 * cell
            assert set(reached.tolist()) == set(range(free_px + 3 + 1))
    assert not torch.equal(corners[:, 0, 0], corners[:, 0, 1])
    moves = corners - corners.new_tensor([[8 * (i // 3), 8 * (i % 3)] for i in range(9)])
    assert len(moves[:, :, 0].unique(dim=1).T) == 9


@settings(max_examples=30, deadline=None)
@given(SIZES)
def test_content_is_the_images_pixels(sizes):
    patch_px, gap_px, room_px, spare_px = sizes
    size_px = patches.grid_extent_px(patch_px, patch_px + gap_px, room_px) + spare_px
    images = torch.randint(0, 256, (4, 3, size_px, size_px), dtype=torch.uint8)
    corners = corners_of(size_px, patch_px, patch_px + gap_px, room_px, examples=4)
    found = patches.cut(images, corners, patch_px)
    assert found.dtype == torch.uint8
    for image, places, ours in zip(images, corners.tolist(), found, strict=True):
        for (top, left), patch in zip(places, ours, strict=True):
            assert torch.equal(patch, image[:, top : top + patch_px, left : left + patch_px])


def test_the_images_height_and_width_are_not_mixed_up(images_40x56px):
    found = patches.cut(images_40x56px[:1], torch.tensor([[[3, 40], [30, 2]]]), 10)
    assert torch.equal(found[0, 0], images_40x56px[0, :, 3:13, 40:50])
    assert torch.equal(found[0, 1], images_40x56px[0, :, 30:40, 2:12])


def test_normalised_has_the_stated_mean_and_std():
    """Uniform noise reaches 1.73 standard deviations, so nothing is cut off."""
    noise = torch.rand(5, 9, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    contrast, brightness = torch.linspace(0.1, 0.8, 45, dtype=torch.float64).view(5, 9, 1, 1, 1), 0.15
    given = contrast * noise + brightness
    ours = patches.normalised(given).flatten(2)
    torch.testing.assert_close(ours.mean(2), torch.full((5, 9), 0.5, dtype=torch.float64))
    torch.testing.assert_close(ours.std(2, correction=0), torch.full((5, 9), 0.2, dtype=torch.float64))


def test_normalised_takes_brightness_and_contrast_away(images_32px):
    tiles = images_32px[4:, None, :, :16, :16].double() / 255
    torch.testing.assert_close(patches.normalised(0.4 * tiles + 0.3), patches.normalised(tiles), rtol=0, atol=1e-9)
    ours = patches.normalised(tiles)
    assert ours.min() >= 0
    assert ours.max() <= 1


@pytest.mark.parametrize("level", [0.0, 0.2, 1.0])
def test_a_flat_patch_stays_flat(level):
    flat = torch.full((1, 9, 3, 6, 6), level)
    torch.testing.assert_close(patches.normalised(flat), torch.full_like(flat, 0.5))
    flat[..., 0, 0] += 0.1 / 255
    assert (patches.normalised(flat) - 0.5).abs().max() < 0.05
