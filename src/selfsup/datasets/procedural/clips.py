"""Clips: two articulated objects that move and hide each other, drifting distractors, a background that pans."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import Scenes, sample_scenes
from selfsup.datasets.procedural.motion import Motion, drifted, moved, sample_drift, sample_motion
from selfsup.datasets.procedural.rendering import (
    _BEHIND,
    _FRONT,
    Layer,
    _distractor_layers,
    _ground,
    _keypoints,
    _object,
    _photograph,
)

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
    ground, _ = _ground(clips.main.scenes.background, OUTER * size_px, rng)
    seen = [_frame(clips, ground, frame, size_px, rng) for frame in range(frames)]
    return {name: torch.stack([one[name] for one in seen], 1) for name in seen[0]}


def _sample_thing(rng: np.random.Generator, examples: int, scale: float) -> Thing:
    scenes = sample_scenes(rng, examples)
    scenes = replace(scenes, pose=replace(scenes.pose, scale=scale * scenes.pose.scale))
    return Thing(scenes, sample_motion(rng, scenes), int(rng.integers(2**32)))


def _frame(clips: Clips, ground: Tensor, frame: int, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return one frame of every clip: ``clip``, ``mask`` and ``keypoint``; layers are painted from back to front."""
    x, y = geometry.pixel_centres(size_px)
    scenes, main = _layer(clips.main, frame, x, y, size_px)
    _, other = _layer(clips.other, frame, x, y, size_px)
    front = clips.other_in_front[:, None, None].float()
    nearer, farther = (replace(other, coverage=other.coverage * where) for where in (front, 1 - front))
    blobs = drifted(scenes.distractors, clips.drift, frame)
    image = _panned(ground, clips.pan_start + clips.pan * frame, x, y)
    for layer in (*_distractor_layers(blobs, ~blobs.front, _BEHIND, x, y, size_px), farther, main, nearer):
        image, _ = layer.over(image, layer.depth)
    clear = torch.ones_like(main.coverage)
    for layer in _distractor_layers(blobs, blobs.front, _FRONT, x, y, size_px):
        image, _ = layer.over(image, layer.depth)
        clear = clear * (1 - layer.coverage)
    main_clear = clear * (1 - nearer.coverage)
    seen_main = main.coverage * main_clear > 0.5
    seen_other = (farther.coverage * (1 - main.coverage) + nearer.coverage) * clear > 0.5
    return {
        "clip": _photograph(image, scenes, x, y, rng),
        "mask": seen_main.byte() + 2 * seen_other.byte(),
        "keypoint": _keypoints(scenes, main_clear),
    }


def _layer(thing: Thing, frame: int, x: Tensor, y: Tensor, size_px: int) -> tuple[Scenes, Layer]:
    """Return the scenes of a frame and their objects; a texture is drawn from one seed, and so stays on its object."""
    scenes = moved(thing.scenes, thing.motion, frame)
    return scenes, _object(scenes, x, y, size_px, np.random.default_rng(thing.texture_seed))


def _panned(ground: Tensor, centre: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return what is seen (N, 3, H, W) of the larger ground around ``centre`` (N, 2), in half images from its middle."""
    across, down = ((axis + centre[:, i, None, None]) / OUTER for i, axis in enumerate((x, y)))
    grid = torch.stack(torch.broadcast_tensors(across, down), -1)
    return F.grid_sample(ground, grid, align_corners=False, padding_mode="reflection")
