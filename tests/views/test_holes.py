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
def test_random_blocks_are_inside_and_cover_at_most_a_quarter(size_px, blocks):
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


def test_fill_is_the_mean_of_the_context():
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


def hole_of(rows, columns, height=20, width=30):
    hole = torch.zeros(height, width, dtype=torch.bool)
    hole[rows, columns] = True
    return hole


@pytest.mark.parametrize(
    ("rows", "columns", "top", "left"),
    [(slice(8, 12), slice(10, 14), 4, 6), (slice(0, 4), slice(26, 30), -4, 22), (slice(8, 10), slice(10, 14), 3, 6)],
)
def test_a_square_is_centred_on_its_hole_and_may_leave_the_image(rows, columns, top, left):
    down, across = holes.square_around(hole_of(rows, columns), 1 / 3)
    assert down.tolist() == [*range(top, top + 12)]
    assert across.tolist() == [*range(left, left + 12)]


def test_a_square_is_mirrored_at_the_edges_and_pasted_inside_them():
    image = torch.arange(12.0).view(1, 1, 3, 4)
    square = holes.cut_square(image, torch.arange(-2, 3), torch.arange(1, 6))
    assert square[0, 0, :, 0].tolist() == [5, 1, 1, 5, 9]
    assert square[0, 0, 2].tolist() == [1, 2, 3, 3, 2]
    far = holes.cut_square(image, torch.arange(-7, 9), torch.arange(16))
    assert far[0, 0, :, 0].tolist() == [4 * row for row in (0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2)]
    pasted = holes.paste_square(image, -square, torch.arange(-2, 3), torch.arange(1, 6))
    assert torch.equal(pasted[..., 1:], -image[..., 1:])
    assert torch.equal(pasted[..., 0], image[..., 0])


@pytest.mark.parametrize(("height", "width", "side"), [(20, 30, 10), (31, 7, 4), (1, 1, 1)])
def test_the_middle_square_is_half_of_the_shorter_side(height, width, side):
    hole = holes.middle_square(torch.zeros(1, 3, height, width), 0.5)
    assert hole.shape == (height, width)
    assert hole.any(1).sum() == hole.any(0).sum() == side
    assert hole.sum() == side**2
    assert abs(int(hole.any(1).nonzero()[0] + hole.any(1).nonzero()[-1]) - height + 1) <= 1
