"""Quarter turns: exact, a group of four, counter-clockwise, and labelled."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.views.rotations import all_half_turns, all_quarter_turns, quarter_turns

SQUARES = st.integers(1, 9)


def numbered(examples, size_px):
    return torch.arange(examples * 3 * size_px**2, dtype=torch.float32).view(examples, 3, size_px, size_px)


def test_one_turn_is_counter_clockwise():
    image = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).expand(1, 3, 2, 2)
    assert quarter_turns(image, torch.tensor([1]))[0, 0].tolist() == [[2, 4], [1, 3]]


@settings(max_examples=25, deadline=None)
@given(SQUARES, st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_each_example_has_its_own_turn(size_px, turns):
    images = numbered(len(turns), size_px)
    turned = quarter_turns(images, torch.tensor(turns))
    for image, quarters, ours in zip(images, turns, turned, strict=True):
        assert torch.equal(ours, torch.rot90(image, quarters, (1, 2)))


@settings(max_examples=25, deadline=None)
@given(SQUARES, st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_four_turns_are_identity(size_px, turns):
    images = numbered(len(turns), size_px)
    turned = images
    for _ in range(4):
        turned = quarter_turns(turned, torch.tensor(turns))
    assert torch.equal(turned, images)


def test_all_copies_carry_their_label(images_32px):
    copies, labels = all_quarter_turns(images_32px)
    assert copies.shape == (4 * len(images_32px), 3, 32, 32)
    assert labels.tolist() == [0, 1, 2, 3] * len(images_32px)
    assert torch.equal(copies, quarter_turns(images_32px.repeat_interleave(4, 0), labels))
    assert torch.equal(quarter_turns(copies, (4 - labels) % 4), images_32px.repeat_interleave(4, 0))


def test_half_turns_carry_their_label(images_32px):
    copies, labels = all_half_turns(images_32px)
    quarters, _ = all_quarter_turns(images_32px)
    assert torch.equal(copies, quarters[::2])
    assert labels.tolist() == [0, 1] * len(images_32px)
