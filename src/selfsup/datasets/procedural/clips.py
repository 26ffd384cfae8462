"""Clips: two articulated objects that move and occlude each other, drifting distractors, a panning background.

The motion of a frame is a function of its number alone, so a clip of fewer frames is the beginning of a longer one.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import Distractors, Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.generation import real
from selfsup.datasets.procedural.rendering import (
    Layer,
    keypoints,
    light_and_noise,
    object_layer,
    paint,
    render_background,
)

MAIN_SCALE, OTHER_SCALE = 0.75, 0.55  # of the object of a still scene, to leave room for motion
PAN = 0.03  # standard deviation, in half images per frame
OUTER = 2  # side of the painted background relative to the visible part
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


@dataclass(frozen=True)
class MovingObject:
    """One object of each of N clips: its scene, its motion, and the seed of its texture."""

    scenes: Scenes
    motion: Motion
    texture_seed: int


@dataclass(frozen=True)
class Clips:
    """N clips: the main object, whose scene has background, light and distractors, and another object, in front where
    ``other_in_front`` (N,); the centre of the view on the background, ``pan_start``, and its ``pan`` per frame (N, 2)."""

    main: MovingObject
    other: MovingObject
    other_in_front: Tensor
    drift: Tensor
    pan_start: Tensor
    pan: Tensor


def sample_clips(rng: np.random.Generator, examples: int) -> Clips:
    """Return clips with every class equally often as the main object (``examples``: a multiple of their number)."""
    main, other = _sample_object(rng, examples, MAIN_SCALE), _sample_object(rng, examples, OTHER_SCALE)
    return Clips(
        main,
        other,
        other_in_front=torch.as_tensor(rng.random(examples) < 0.5),
        drift=sample_drift(rng, main.scenes.distractors),
        pan_start=real(rng.uniform(-0.5, 0.5, (examples, 2))),
        pan=real(PAN * rng.standard_normal((examples, 2))),
    )


def render_clips(clips: Clips, frames: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return ``clip`` uint8 (N, T, 3, H, W), ``mask`` uint8 (N, T, H, W), ``keypoint`` float32 (N, T, PARTS, 2).

    The mask is 1 where the main object is visible and 2 where the other one is; keypoints are the main object's, x y
    pixels, NaN where a part is missing, outside the image or occluded.
    """
    background, _ = render_background(clips.main.scenes.background, OUTER * size_px, rng)
    arrays = [_frame(clips, background, frame, size_px, rng) for frame in range(frames)]
    return {name: torch.stack([frame[name] for frame in arrays], 1) for name in arrays[0]}


def _sample_object(rng: np.random.Generator, examples: int, scale: float) -> MovingObject:
    scenes = sample_scenes(rng, examples)
    scenes = replace(scenes, pose=replace(scenes.pose, scale=scale * scenes.pose.scale))
    return MovingObject(scenes, sample_motion(rng, scenes), int(rng.integers(2**32)))


def _frame(clips: Clips, background: Tensor, frame: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return one frame of every clip: ``clip``, ``mask`` and ``keypoint``."""
    scenes, main = _layer(clips.main, frame, size_px)
    _, other = _layer(clips.other, frame, size_px)
    front = clips.other_in_front[:, None, None].float()
    nearer, farther = (replace(other, coverage=other.coverage * share) for share in (front, 1 - front))
    panned = _panned(background, clips.pan_start + clips.pan * frame, size_px)
    distractors = drifted(scenes.distractors, clips.drift, frame)
    painted = paint((panned, torch.ones_like(main.coverage)), [farther, main, nearer], distractors)
    other_behind, visible_main, other_in_front = painted.visible
    return {
        "clip": light_and_noise(painted.image, scenes, rng),
        "mask": (visible_main > 0.5).byte() + 2 * (other_behind + other_in_front > 0.5).byte(),
        "keypoint": keypoints(scenes, painted.clear * (1 - nearer.coverage)),
    }


def _layer(moving: MovingObject, frame: int, size_px: int) -> tuple[Scenes, Layer]:
    """Return the scenes and objects of a frame; a texture has one seed, so that it is the same in all frames."""
    scenes = moved(moving.scenes, moving.motion, frame)
    return scenes, object_layer(scenes, size_px, np.random.default_rng(moving.texture_seed))


def _panned(background: Tensor, centre: Tensor, size_px: int) -> Tensor:
    """Return the part (N, 3, H, W) of the larger background around ``centre`` (N, 2), in half images from its middle."""
    axes = geometry.pixel_centres(size_px)
    across, down = ((axis + centre[:, i, None, None]) / OUTER for i, axis in enumerate(axes))
    grid = torch.stack(torch.broadcast_tensors(across, down), -1)
    return F.grid_sample(background, grid, align_corners=False, padding_mode="reflection")


def sample_motion(rng: np.random.Generator, scenes: Scenes) -> Motion:
    """Return the motion of the objects of scenes, starting from their positions."""
    n = len(scenes.label)
    return Motion(
        start=scenes.pose.position,
        velocity=_velocity(rng, (n,), SPEED),
        turn_rad=real(TURN_RAD * rng.standard_normal(n)),
        growth=real(GROWTH * rng.standard_normal(n)),
        swing_rad=real(rng.uniform(0.3, 1.0, n) * SWING_RAD),
        swing_frequency=real(2 * np.pi / rng.uniform(*SWING_PERIOD_FRAMES, n)),
        swing_phase=real(rng.uniform(0, 2 * np.pi, n)),
    )


def moved(scenes: Scenes, motion: Motion, frame: int) -> Scenes:
    """Return scenes with their objects as they are in a frame; at frame 0 only the swing of the parts differs."""
    pose = scenes.pose
    scale = (pose.scale * (motion.growth * frame).exp()).clamp(0.7 * pose.scale, 1.3 * pose.scale)
    limit = 1 - 0.5 * pose.scale  # at most half of an object is outside the image
    position = bounced(motion.start + motion.velocity * frame, limit[:, None])
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
    return real(length[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1))
