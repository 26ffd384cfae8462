"""How the things of a clip move: positions that bounce off borders, turning, growing, and parts that swing.

Every frame is a closed form of its number, so a clip of fewer frames is the beginning of a longer one.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Distractors, Pose, Scenes

SPEED = 0.1  # half images a frame, of an object; 3 pixels of 64
TURN_RAD, GROWTH = 0.06, 0.03  # standard deviations, a frame
SWING_RAD, SWING_PERIOD_FRAMES = 0.45, (5.0, 10.0)
DRIFT = 0.05  # half images a frame, of a distractor


@dataclass(frozen=True)
class Motion:
    """Of N objects, each (N,) but the first two (N, 2): where, how fast, how it turns, grows and swings its parts."""

    start: Tensor
    velocity: Tensor
    turn_rad: Tensor
    growth: Tensor
    swing_rad: Tensor
    swing_frequency: Tensor
    swing_phase: Tensor


def sample_motion(rng: np.random.Generator, scenes: Scenes) -> Motion:
    """Return how the objects of scenes move, from where they stand."""
    n = len(scenes.label)
    return Motion(
        start=scenes.pose.position,
        velocity=_velocity(rng, (n,), SPEED),
        turn_rad=_real(TURN_RAD * rng.standard_normal(n)),
        growth=_real(GROWTH * rng.standard_normal(n)),
        swing_rad=_real(rng.uniform(0.3, 1.0, n) * SWING_RAD),
        swing_frequency=_real(2 * np.pi / rng.uniform(*SWING_PERIOD_FRAMES, n)),
        swing_phase=_real(rng.uniform(0, 2 * np.pi, n)),
    )


def moved(scenes: Scenes, motion: Motion, frame: int) -> Scenes:
    """Return scenes with their objects as they are in a frame; at frame 0 only their parts have swung."""
    pose = scenes.pose
    scale = (pose.scale * (motion.growth * frame).exp()).clamp(0.7 * pose.scale, 1.3 * pose.scale)
    room = 1 - 0.5 * pose.scale  # an object leaves the image by half its size at most
    position = bounced(motion.start + motion.velocity * frame, room[:, None])
    rotation_rad = pose.rotation_rad + motion.turn_rad * frame
    angle_rad = motion.swing_rad * (motion.swing_frequency * frame + motion.swing_phase).sin()
    there = Pose(position, rotation_rad, scale, pose.aspect, pose.flip)
    return replace(scenes, pose=there, primitives=swung(scenes.primitives, angle_rad))


def swung(primitives: Tensor, angle_rad: Tensor) -> Tensor:
    """Return primitives (N, PARTS, 8) with their centres turned (N,) about the largest part's: the joint of them all."""
    centres, half_sizes = primitives[..., :2], primitives[..., 2:4]
    largest = half_sizes.prod(-1).argmax(1)
    joint = centres[torch.arange(len(centres)), largest][:, None]
    x, y = (centres - joint).unbind(-1)
    cosine, sine = angle_rad.cos()[:, None], angle_rad.sin()[:, None]
    turned = torch.stack([cosine * x - sine * y, sine * x + cosine * y], -1)
    return torch.cat([joint + turned, primitives[..., 2:]], -1)


def sample_drift(rng: np.random.Generator, distractors: Distractors) -> Tensor:
    """Return the velocities of distractors (N, DISTRACTORS, 2), in half images a frame."""
    return _velocity(rng, distractors.present.shape, DRIFT)


def drifted(distractors: Distractors, velocity: Tensor, frame: int) -> Distractors:
    """Return distractors as they are in a frame."""
    position = bounced(distractors.position + velocity * frame, torch.ones(()))
    return replace(distractors, position=position)


def bounced(x: Tensor, limit: Tensor) -> Tensor:
    """Return positions x, however far they went, reflected into [-limit, limit]."""
    along = (x + limit) % (4 * limit)
    return torch.where(along < 2 * limit, along - limit, 3 * limit - along)


def _velocity(rng: np.random.Generator, shape: tuple[int, ...], speed: float) -> Tensor:
    angle = rng.uniform(0, 2 * np.pi, shape)
    length = speed * rng.uniform(0.4, 1.2, shape)
    return _real(length[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1))


def _real(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
