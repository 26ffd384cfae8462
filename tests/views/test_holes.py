"""Holes: their place and area, and that nothing of them shows in what fills them."""

import pytest
import torch

from selfsup.views import holes


@pytest.mark.parametrize("size_px", [32, 48, 64])
def test_central_hole_is_a_quarter_and_in_the_middle(size_px):
    mask = holes.hole_mask(holes.central_corner(3, size_px), size_px)
    assert mask.shape == (3, size_px, size_px)
    assert mask.flatten(1).sum(1).tolist() == [size_px**2 // 4] * 3
    assert torch.equal(mask, mask.flip(1))
    assert torch.equal(mask, mask.flip(2))
    assert mask[:, size_px // 2, size_px // 4 : 3 * size_px // 4].all()


@pytest.mark.parametrize("size_px", [31, 32, 64])
@pytest.mark.parametrize("blocks", [1, 3, 4, 7])
def test_random_blocks_lie_inside_and_cover_at_most_a_quarter(size_px, blocks):
    corners = holes.draw_corners(200, torch.Generator().manual_seed(0), size_px=size_px, blocks=blocks)
    side = holes.block_side_px(size_px, blocks)
    assert corners.shape == (200, blocks, 2)
    assert corners.min() == 0
    assert corners.max() == size_px - side
    area = holes.hole_mask(corners, size_px).flatten(1).sum(1)
    assert area.min() >= side**2
    assert area.max() <= blocks * side**2 <= size_px**2 / 4


def test_mask_is_the_union_of_its_blocks():
    corners = holes.draw_corners(20, torch.Generator().manual_seed(1), size_px=20, blocks=4)
    expected = torch.zeros(20, 20, 20, dtype=torch.bool)
    for n, image in enumerate(corners.tolist()):
        for row, column in image:
            expected[n, row : row + 5, column : column + 5] = True
    assert torch.equal(holes.hole_mask(corners, 20), expected)


def test_fill_is_the_mean_of_the_context_alone():
    image = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    mask = holes.hole_mask(holes.draw_corners(4, torch.Generator().manual_seed(3), size_px=16, blocks=2), 16)
    filled = holes.mean_filled(image, mask)
    for n in range(4):
        for c in range(3):
            context = image[n, c][~mask[n]]
            torch.testing.assert_close(filled[n, c][mask[n]], context.mean().expand(int(mask[n].sum())))
            assert torch.equal(filled[n, c][~mask[n]], context)
    other = torch.where(mask[:, None], torch.rand_like(image), image)
    assert torch.equal(holes.mean_filled(other, mask), filled)
