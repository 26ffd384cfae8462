"""Patches: inside the image, gaps and jitter as promised, exact pixels, normalised each by itself; overlapping grids."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.views import patches
from selfsup.views.patches import PADDING, draw_shift, grid_size, keep_one_channel, patch_grid, without_green_magenta

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


def test_every_position_and_every_shift_occurs():
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
    noise = torch.rand(5, 9, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    contrast, brightness = torch.linspace(0.1, 0.8, 45, dtype=torch.float64).view(5, 9, 1, 1, 1), 0.15
    given = contrast * noise + brightness
    ours = patches.normalised(given).flatten(2)
    torch.testing.assert_close(ours.mean(2), torch.full((5, 9), 0.5, dtype=torch.float64))
    torch.testing.assert_close(ours.std(2, correction=0), torch.full((5, 9), 0.2, dtype=torch.float64))


def test_normalised_removes_brightness_and_contrast(images_32px):
    tiles = images_32px[4:, None, :, :16, :16].double() / 255
    torch.testing.assert_close(patches.normalised(0.4 * tiles + 0.3), patches.normalised(tiles), rtol=0, atol=1e-9)


def test_normalised_cuts_nothing_off():
    """One bright pixel of 100 is 9.9 standard deviations above the mean."""
    patch = torch.zeros(1, 1, 1, 10, 10, dtype=torch.float64)
    patch[..., 3, 4] = 1.0
    ours = patches.normalised(patch)
    assert ours.max() == pytest.approx(0.5 + 0.2 * 99**0.5)
    assert ours.mean() == pytest.approx(0.5)


@pytest.mark.parametrize("level", [0.0, 0.2, 1.0])
def test_a_flat_patch_stays_flat(level):
    flat = torch.full((1, 9, 3, 6, 6), level)
    torch.testing.assert_close(patches.normalised(flat), torch.full_like(flat, 0.5))
    flat[..., 0, 0] += 0.1 / 255
    assert (patches.normalised(flat) - 0.5).abs().max() < 0.05


def random_patches(seed=1):
    return torch.rand(6, 9, 3, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def normal():
    return torch.randn(6, 9, 3, 12, 12, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_one_channel_is_kept_and_the_others_are_faint_noise():
    given = random_patches() * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
    kept = torch.arange(54).view(6, 9) % 3
    ours = keep_one_channel(given, kept, normal())
    for example in range(6):
        for number in range(9):
            channel = int(kept[example, number])
            one = given[example, number, channel]
            assert torch.equal(ours[example, number, channel], one)
            for other in {0, 1, 2} - {channel}:
                noise = ours[example, number, other] - one.mean()
                assert 0.7 < noise.std() / (0.01 * one.std()) < 1.3
                assert noise.mean().abs() < 0.004 * one.std()


def test_replaced_channels_do_not_depend_on_their_colour():
    given, kept, noise = random_patches(), torch.ones(6, 9, dtype=torch.int64), normal()
    repainted = given.clone()
    repainted[:, :, [0, 2]] = random_patches(seed=3)[:, :, [0, 2]]
    assert torch.equal(keep_one_channel(given, kept, noise), keep_one_channel(repainted, kept, noise))


def test_projection_is_the_papers_matrix():
    axis = torch.tensor([[-1.0, 2.0, -1.0]], dtype=torch.float64)
    matrix = torch.eye(3, dtype=torch.float64) - axis.T @ axis / (axis @ axis.T)
    given = random_patches()
    torch.testing.assert_close(without_green_magenta(given), torch.einsum("ij,npjhw->npihw", matrix, given))


def test_projection_keeps_greys_and_removes_green_magenta():
    grey = random_patches()[:, :, :1].expand(-1, -1, 3, -1, -1)
    torch.testing.assert_close(without_green_magenta(grey), grey)
    given = random_patches()
    greener = given + 0.3 * torch.tensor([-1.0, 2.0, -1.0], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(without_green_magenta(greener), without_green_magenta(given))
    torch.testing.assert_close(without_green_magenta(without_green_magenta(given)), without_green_magenta(given))


PATCH, STRIDE, SUBCROP = 16, 8, 13


def images(examples=3, size_px=56):
    return torch.rand(examples, 3, size_px, size_px, generator=torch.Generator().manual_seed(0))


def test_the_papers_grid_is_seven_by_seven():
    assert grid_size(256, 64, 32) == 7
    assert grid_size(64, 16, 8) == 7
    assert grid_size(56, 16, 8) == 6
    assert grid_size(16, 16, 8) == 1


def test_shifts_are_inside_and_reach_both_ends():
    shift = draw_shift(50, 6, 3, torch.Generator().manual_seed(0))
    assert shift.shape == (50, 6, 6, 2)
    assert shift.unique().tolist() == [0, 1, 2, 3]
    assert draw_shift(2, 6, 0, torch.Generator()).abs().sum() == 0


def test_patches_are_on_the_grid_and_overlap_in_equal_pixels():
    image = images()
    patches = patch_grid(
        image, torch.zeros(3, 6, 6, 2, dtype=torch.long), patch_px=PATCH, stride_px=STRIDE, subcrop_px=PATCH
    )
    assert patches.shape == (3, 6, 6, 3, PATCH, PATCH)
    for row in range(6):
        for column in range(6):
            top, left = row * STRIDE, column * STRIDE
            expected = image[:, :, top : top + PATCH, left : left + PATCH]
            assert torch.equal(patches[:, row, column], expected)
    assert torch.equal(patches[:, :-1, :, :, STRIDE:], patches[:, 1:, :, :, :STRIDE])
    assert torch.equal(patches[:, :, :-1, :, :, STRIDE:], patches[:, :, 1:, :, :, :STRIDE])


def test_patches_reassemble_to_the_image():
    image = images()
    patches = patch_grid(
        image, torch.zeros(3, 6, 6, 2, dtype=torch.long), patch_px=PATCH, stride_px=STRIDE, subcrop_px=PATCH
    )
    columns = patches.permute(0, 3, 4, 5, 1, 2).flatten(4).flatten(1, 3)
    fold = torch.nn.Fold(56, PATCH, stride=STRIDE)
    assert torch.allclose(fold(columns) / fold(torch.ones_like(columns)), image, atol=1e-6)


def test_a_subcrop_is_shifted_and_padded_with_grey():
    image, shift = images(), draw_shift(3, 6, PATCH - SUBCROP, torch.Generator().manual_seed(5))
    patches = patch_grid(image, shift, patch_px=PATCH, stride_px=STRIDE, subcrop_px=SUBCROP)
    for n, row, column in [(0, 0, 0), (1, 2, 4), (2, 5, 5), (0, 3, 1)]:
        down, right = shift[n, row, column].tolist()
        top, left = row * STRIDE + down, column * STRIDE + right
        expected = torch.full((3, PATCH, PATCH), PADDING)
        expected[:, 1:14, 1:14] = image[n, :, top : top + SUBCROP, left : left + SUBCROP]
        assert torch.equal(patches[n, row, column], expected)
