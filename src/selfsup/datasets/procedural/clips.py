"""Clips: two articulated objects that move and occlude each other, drifting distractors, a panning background."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import Scenes, sample_scenes
from selfsup.datasets.procedural.motion import Motion, drifted, moved, sample_drift, sample_motion
from selfsup.datasets.procedural.rendering import Layer, ground, keypoints, object_layer, paint, photograph

MAIN_SCALE, OTHER_SCALE = 0.75, 0.55  # of the object of a still scene, to leave room for motion
PAN = 0.03  # standard deviation, in half images per frame
OUTER = 2  # side of the painted background relative to the visible part


@dataclass(frozen=True)
class Thing:
    """One object of each of N clips: its scene, its motion, and the seed of its texture."""

    scenes: Scenes
    motion: Motion
    texture_seed: int


@dataclass(frozen=True)
class Clips:
    """N clips: the main object, whose scene has background, light and distractors, and another object, in front where
    ``other_in_front`` (N,); the centre of the view on the background, ``pan_start``, and its ``pan`` per frame (N, 2)."""

    main: Thing
    other: Thing
    other_in_front: Tensor
    drift: Tensor
    pan_start: Tensor
    pan: Tensor


def sample_clips(rng: np.random.Generator, examples: int) -> Clips:
    """Return clips with every class equally often as the main object (``examples``: a multiple of their number)."""
    main, other = _sample_thing(rng, examples, MAIN_SCALE), _sample_thing(rng, examples, OTHER_SCALE)
    return Clips(
        main,
        other,
        other_in_front=torch.as_tensor(rng.random(examples) < 0.5),
        drift=sample_drift(rng, main.scenes.distractors),
        pan_start=torch.as_tensor(rng.uniform(-0.5, 0.5, (examples, 2)), dtype=torch.float32),
        pan=torch.as_tensor(PAN * rng.standard_normal((examples, 2)), dtype=torch.float32),
    )


def render_clips(clips: Clips, frames: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return ``clip`` uint8 (N, T, 3, H, W), ``mask`` uint8 (N, T, H, W), ``keypoint`` float32 (N, T, PARTS, 2).

    The mask is 1 where the main object is visible and 2 where the other one is; keypoints are the main object's, x y
    pixels, NaN where a part is missing, outside the image or occluded.
    """
    below, _ = ground(clips.main.scenes.background, OUTER * size_px, rng)
    arrays = [_frame(clips, below, frame, size_px, rng) for frame in range(frames)]
    return {name: torch.stack([frame[name] for frame in arrays], 1) for name in arrays[0]}


def _sample_thing(rng: np.random.Generator, examples: int, scale: float) -> Thing:
    scenes = sample_scenes(rng, examples)
    scenes = replace(scenes, pose=replace(scenes.pose, scale=scale * scenes.pose.scale))
    return Thing(scenes, sample_motion(rng, scenes), int(rng.integers(2**32)))


def _frame(clips: Clips, below: Tensor, frame: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return one frame of every clip: ``clip``, ``mask`` and ``keypoint``."""
    scenes, main = _layer(clips.main, frame, size_px)
    _, other = _layer(clips.other, frame, size_px)
    front = clips.other_in_front[:, None, None].float()
    nearer, farther = (replace(other, coverage=other.coverage * share) for share in (front, 1 - front))
    panned = _panned(below, clips.pan_start + clips.pan * frame, size_px)
    blobs = drifted(scenes.distractors, clips.drift, frame)
    painted = paint((panned, torch.ones_like(main.coverage)), [farther, main, nearer], blobs)
    other_behind, visible_main, other_before = painted.visible
    return {
        "clip": photograph(painted.image, scenes, rng),
        "mask": (visible_main > 0.5).byte() + 2 * (other_behind + other_before > 0.5).byte(),
        "keypoint": keypoints(scenes, painted.clear * (1 - nearer.coverage)),
    }


def _layer(thing: Thing, frame: int, size_px: int) -> tuple[Scenes, Layer]:
    """Return the scenes and objects of a frame; a texture has one seed, so that it is the same in all frames."""
    scenes = moved(thing.scenes, thing.motion, frame)
    return scenes, object_layer(scenes, size_px, np.random.default_rng(thing.texture_seed))


def _panned(below: Tensor, centre: Tensor, size_px: int) -> Tensor:
    """Return the part (N, 3, H, W) of the larger ground around ``centre`` (N, 2), in half images from its middle."""
    axes = geometry.pixel_centres(size_px)
    across, down = ((axis + centre[:, i, None, None]) / OUTER for i, axis in enumerate(axes))
    grid = torch.stack(torch.broadcast_tensors(across, down), -1)
    return F.grid_sample(below, grid, align_corners=False, padding_mode="reflection")
