"""How things move: inside their limits, by the formula of the frame, parts about a joint."""

import math

import numpy as np
import torch

from selfsup.datasets.procedural.clips import bounced, moved, sample_motion, swung
from selfsup.datasets.procedural.factors import sample_scenes


def test_bounced_is_a_mirror_at_both_ends():
    x = torch.tensor([0.0, 0.9, 1.1, 2.0, 3.0, 3.5, -1.25, -3.5])
    expected = torch.tensor([0.0, 0.9, 0.9, 0.0, -1.0, -0.5, -0.75, 0.5])
    torch.testing.assert_close(bounced(x, torch.ones(())), expected)
    inside = torch.linspace(-0.4, 0.4, 9)
    torch.testing.assert_close(bounced(inside, torch.tensor(0.5)), inside)


def test_a_part_swings_about_the_largest_one():
    primitives = torch.zeros(1, 3, 8)
    primitives[0, :, 2:4] = torch.tensor([[0.1, 0.1], [0.5, 0.5], [0.2, 0.2]])
    primitives[0, :, :2] = torch.tensor([[0.2, 0.6], [0.2, 0.1], [0.4, 0.1]])
    found = swung(primitives, torch.tensor([math.pi / 2]))
    torch.testing.assert_close(found[0, :, :2], torch.tensor([[-0.3, 0.1], [0.2, 0.1], [0.2, 0.3]]))
    assert torch.equal(found[..., 2:], primitives[..., 2:])


def test_objects_move_and_do_not_leave():
    scenes = sample_scenes(np.random.default_rng(0), 50)
    motion = sample_motion(np.random.default_rng(1), scenes)
    frames = [moved(scenes, motion, frame) for frame in range(40)]
    places = torch.stack([frame.pose.position for frame in frames])
    assert (places.abs() <= 1 - 0.5 * scenes.pose.scale[:, None] + 1e-5).all()
    assert (places[1] - places[0]).norm(dim=1).min() > 0.01
    torch.testing.assert_close(places[0], scenes.pose.position)
    scales = torch.stack([frame.pose.scale for frame in frames]) / scenes.pose.scale
    assert 0.69 < scales.min() < scales.max() < 1.31
    assert not torch.equal(frames[0].primitives, frames[3].primitives)
