"""Clips: two articulated objects that move and hide each other, drifting distractors, a background that pans."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import Scenes, sample_scenes
from selfsup.datasets.procedural.motion import Motion, drifted, moved, sample_drift, sample_motion
from selfsup.datasets.procedural.rendering import Layer, ground, keypoints, object_layer, paint, photograph

MAIN_SCALE, OTHER_SCALE = 0.75, 0.55  # of a still scene's object: there must be room to move
PAN = 0.03  # standard deviation, in half images a frame
OUTER = 2  # the background is painted this much larger than what is seen of it


@dataclass(frozen=True)
class Thing:
    """One object of each of N clips: its scene, how it moves, and what its texture is drawn from."""

    scenes: Scenes
    motion: Motion
    texture_seed: int


@dataclass(frozen=True)
class Clips:
    """N clips: the main object, whose scene has background, light and distractors, and another one, in front where
    ``other_in_front`` (N,); the view's centre on the background ``pan_start`` and its ``pan`` a frame (N, 2)."""

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

    The mask is 1 where the main object is seen and 2 where the other one is; keypoints are the main object's, x y
    pixels, NaN where a part is missing, outside the image or hidden.
    """
    below, _ = ground(clips.main.scenes.background, OUTER * size_px, rng)
    seen = [_frame(clips, below, frame, size_px, rng) for frame in range(frames)]
    return {name: torch.stack([one[name] for one in seen], 1) for name in seen[0]}


def _sample_thing(rng: np.random.Generator, examples: int, scale: float) -> Thing:
    scenes = sample_scenes(rng, examples)
    scenes = replace(scenes, pose=replace(scenes.pose, scale=scale * scenes.pose.scale))
    return Thing(scenes, sample_motion(rng, scenes), int(rng.integers(2**32)))


def _frame(clips: Clips, below: Tensor, frame: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return one frame of every clip: ``clip``, ``mask`` and ``keypoint``."""
    scenes, main = _layer(clips.main, frame, size_px)
    _, other = _layer(clips.other, frame, size_px)
    front = clips.other_in_front[:, None, None].float()
    nearer, farther = (replace(other, coverage=other.coverage * where) for where in (front, 1 - front))
    panned = _panned(below, clips.pan_start + clips.pan * frame, size_px)
    blobs = drifted(scenes.distractors, clips.drift, frame)
    painted = paint((panned, torch.ones_like(main.coverage)), [farther, main, nearer], blobs)
    other_behind, seen_main, other_before = painted.visible
    return {
        "clip": photograph(painted.image, scenes, rng),
        "mask": (seen_main > 0.5).byte() + 2 * (other_behind + other_before > 0.5).byte(),
        "keypoint": keypoints(scenes, painted.clear * (1 - nearer.coverage)),
    }


def _layer(thing: Thing, frame: int, size_px: int) -> tuple[Scenes, Layer]:
    """Return the scenes of a frame and their objects; a texture is drawn from one seed, and so stays on its object."""
    scenes = moved(thing.scenes, thing.motion, frame)
    return scenes, object_layer(scenes, size_px, np.random.default_rng(thing.texture_seed))


def _panned(below: Tensor, centre: Tensor, size_px: int) -> Tensor:
    """Return what is seen (N, 3, H, W) of the larger ground around ``centre`` (N, 2), in half images from its middle."""
    axes = geometry.pixel_centres(size_px)
    across, down = ((axis + centre[:, i, None, None]) / OUTER for i, axis in enumerate(axes))
    grid = torch.stack(torch.broadcast_tensors(across, down), -1)
    return F.grid_sample(below, grid, align_corners=False, padding_mode="reflection")
