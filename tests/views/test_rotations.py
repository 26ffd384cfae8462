"""Rotated copies: exact, counter-clockwise and labelled; those by 45 degrees without artefacts that tell the angle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import rotate

from selfsup.views.rotations import all_rotations_45, all_rotations_90, all_rotations_180


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


def waves(size_px, seed):
    """One smooth image (1, 3, H, H) in [0, 1] without symmetry: a sum of slow waves, at its pixels' centres."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[:size_px, :size_px] / size_px
    planes = []
    for _ in range(3):
        across, down, phase = random.uniform(1, 3, 3)
        planes.append(0.5 + 0.4 * np.sin(2 * np.pi * (across * column - down * row**2) + phase))
    return torch.tensor(np.stack(planes), dtype=torch.float32)[None]


@settings(max_examples=15, deadline=None)
@given(st.integers(4, 40), st.integers(1, 3), st.integers(0, 99))
def test_two_turns_by_45_are_an_exact_90_and_eight_are_the_identity(size_px, examples, seed):
    images = torch.rand(examples, 3, size_px, size_px, generator=torch.Generator().manual_seed(seed))
    turned, labels = all_rotations_45(images)
    assert turned.shape == (8 * examples, 3, size_px, size_px)
    assert labels.tolist() == list(range(8)) * examples
    assert turned.min() >= 0
    assert turned.max() <= 1
    by_angle = turned.unflatten(0, (examples, 8)).unbind(1)
    for eighths, image in enumerate(by_angle):
        assert torch.equal(by_angle[(eighths + 2) % 8], torch.rot90(image, 1, (2, 3)))


@pytest.mark.parametrize("size_px", [32, 33])
def test_rotations_are_those_of_scikit_image(size_px):
    """The centre half, away from what scikit-image fills; its zoom is the same square of side H / sqrt 2."""
    image = waves(size_px, 0)
    turned, _ = all_rotations_45(image)
    theirs_upright = turned[0].permute(1, 2, 0).numpy()
    rim = size_px // 4
    for eighths in range(8):
        theirs = rotate(theirs_upright, 45 * eighths, order=3)[rim:-rim, rim:-rim]
        ours = turned[eighths].permute(1, 2, 0).numpy()[rim:-rim, rim:-rim]
        assert np.abs(ours - theirs).max() < 0.03


def test_no_corner_is_filled():
    turned, _ = all_rotations_45(torch.full((1, 3, 20, 20), 0.7))
    torch.testing.assert_close(turned, torch.full_like(turned, 0.7))


def test_every_direction_shows_the_same_square():
    """A mark outside the central square shows nowhere, one at the centre everywhere."""
    outside, centre = torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)
    outside[:, :, :2, :2] = 1
    centre[:, :, 14:18, 14:18] = 1
    assert all_rotations_45(outside)[0].max() < 1e-4  # the tail of the blur
    assert (all_rotations_45(centre)[0].amax((1, 2, 3)) > 0.5).all()


def test_noise_does_not_reveal_its_angle():
    """White noise has no content to turn: what statistics tell of the angle is the artefact. Bilinear alone: 15-18 %."""
    noise = torch.rand(400, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    straight, oblique = all_rotations_45(noise)[0].unflatten(0, (400, 8))[:, :2].unbind(1)
    statistics = {
        "spread": lambda x: x.var(),
        "steps": lambda x: x.diff(dim=2).square().mean(),
        "diagonal steps": lambda x: (x[:, :, 1:, 1:] - x[:, :, :-1, :-1]).square().mean(),
        "curvature": lambda x: x.diff(n=2, dim=2).square().mean(),
    }
    for name, statistic in statistics.items():
        assert (statistic(oblique) / statistic(straight)).item() == pytest.approx(1, abs=0.03), name


def test_images_are_left_as_they_were():
    images = waves(16, 1)
    before = images.clone()
    all_rotations_45(images)
    assert torch.equal(images, before)
