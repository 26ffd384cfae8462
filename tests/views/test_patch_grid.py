"""The grid of patches: where each lies, what its subcrop keeps, and that pixels come back whole."""

import torch

from selfsup.views.patch_grid import PADDING, draw_shift, grid_size, patch_grid

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


def test_whole_patches_lie_on_the_grid_and_overlap_in_equal_pixels():
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


def test_a_subcrop_is_moved_by_its_shift_and_framed_in_grey():
    image, shift = images(), draw_shift(3, 6, PATCH - SUBCROP, torch.Generator().manual_seed(5))
    patches = patch_grid(image, shift, patch_px=PATCH, stride_px=STRIDE, subcrop_px=SUBCROP)
    for n, row, column in [(0, 0, 0), (1, 2, 4), (2, 5, 5), (0, 3, 1)]:
        down, right = shift[n, row, column].tolist()
        top, left = row * STRIDE + down, column * STRIDE + right
        expected = torch.full((3, PATCH, PATCH), PADDING)
        expected[:, 1:14, 1:14] = image[n, :, top : top + SUBCROP, left : left + SUBCROP]
        assert torch.equal(patches[n, row, column], expected)
