"""Motion in a clip: positions that bounce off the borders, rotation, growth, and swinging parts.

Every frame is a function of its number alone, so a clip of fewer frames is the beginning of a longer one.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Distractors, Pose, Scenes

SPEED = 0.1  # of an object, half images per frame; 3 of 64 pixels
TURN_RAD, GROWTH = 0.06, 0.03  # standard deviations per frame
SWING_RAD, SWING_PERIOD_FRAMES = 0.45, (5.0, 10.0)
DRIFT = 0.05  # of a distractor, half images per frame


@dataclass(frozen=True)
class Motion:
    """The motion of N objects: start and velocity (N, 2), rotation and growth per frame, swing of the parts (N,)."""

    start: Tensor
    velocity: Tensor
    turn_rad: Tensor
    growth: Tensor
    swing_rad: Tensor
    swing_frequency: Tensor
    swing_phase: Tensor


def sample_motion(rng: np.random.Generator, scenes: Scenes) -> Motion:
    """Return the motion of the objects of scenes, starting from their positions."""
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
    """Return scenes with their objects as they are in a frame; at frame 0 only the swing of the parts differs."""
    pose = scenes.pose
    scale = (pose.scale * (motion.growth * frame).exp()).clamp(0.7 * pose.scale, 1.3 * pose.scale)
    room = 1 - 0.5 * pose.scale  # at most half of an object is outside the image
    position = bounced(motion.start + motion.velocity * frame, room[:, None])
    rotation_rad = pose.rotation_rad + motion.turn_rad * frame
    angle_rad = motion.swing_rad * (motion.swing_frequency * frame + motion.swing_phase).sin()
    pose = Pose(position, rotation_rad, scale, pose.aspect, pose.flip)
    return replace(scenes, pose=pose, primitives=swung(scenes.primitives, angle_rad))


def swung(primitives: Tensor, angle_rad: Tensor) -> Tensor:
    """Return primitives (N, PARTS, 8) with their centres rotated by ``angle_rad`` (N,) about the centre of the largest."""
    centres, half_sizes = primitives[..., :2], primitives[..., 2:4]
    largest = half_sizes.prod(-1).argmax(1)
    joint = centres[torch.arange(len(centres)), largest][:, None]
    x, y = (centres - joint).unbind(-1)
    cosine, sine = angle_rad.cos()[:, None], angle_rad.sin()[:, None]
    rotated = torch.stack([cosine * x - sine * y, sine * x + cosine * y], -1)
    return torch.cat([joint + rotated, primitives[..., 2:]], -1)


def sample_drift(rng: np.random.Generator, distractors: Distractors) -> Tensor:
    """Return the velocities of distractors (N, DISTRACTORS, 2), in half images per frame."""
    return _velocity(rng, distractors.present.shape, DRIFT)


def drifted(distractors: Distractors, velocity: Tensor, frame: int) -> Distractors:
    """Return distractors as they are in a frame."""
    position = bounced(distractors.position + velocity * frame, torch.ones(()))
    return replace(distractors, position=position)


def bounced(x: Tensor, limit: Tensor) -> Tensor:
    """Return positions x reflected at the limits into [-limit, limit]."""
    along = (x + limit) % (4 * limit)
    return torch.where(along < 2 * limit, along - limit, 3 * limit - along)


def _velocity(rng: np.random.Generator, shape: tuple[int, ...], speed: float) -> Tensor:
    angle = rng.uniform(0, 2 * np.pi, shape)
    length = speed * rng.uniform(0.4, 1.2, shape)
    return _real(length[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1))


def _real(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
