"""Rotated copies: exact, counter-clockwise, and labelled."""

import torch

from selfsup.views.rotations import all_rotations_90, all_rotations_180


def test_one_rotation_is_counter_clockwise():
    image = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).expand(1, 3, 2, 2)
    assert all_rotations_90(image)[0][1, 0].tolist() == [[2, 4], [1, 3]]


def test_all_copies_carry_their_label(images_32px):
    copies, labels = all_rotations_90(images_32px)
    assert copies.shape == (4 * len(images_32px), 3, 32, 32)
    assert labels.tolist() == [0, 1, 2, 3] * len(images_32px)
    for row, (copy, label) in enumerate(zip(copies, labels.tolist(), strict=True)):
        assert torch.equal(torch.rot90(copy, -label, (1, 2)), images_32px[row // 4])


def test_copies_by_180_degrees_carry_their_label(images_32px):
    copies, labels = all_rotations_180(images_32px)
    quarters, _ = all_rotations_90(images_32px)
    assert torch.equal(copies, quarters[::2])
    assert labels.tolist() == [0, 1] * len(images_32px)
