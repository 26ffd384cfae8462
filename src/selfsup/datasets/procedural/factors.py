"""The factors of scenes: all random values except the noise fields, drawn with numpy for N scenes at once.

Lengths are in half images (the image covers [-1, 1]^2, x to the right, y downwards), colours are RGB in [0, 1].
No factor except the trim hue depends on the class, so that colour and background do not reveal it; variants with typical
surfaces, or turned by any angle, are the same scenes in all else, because what they change has a random stream of its own.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.generation import real
from selfsup.datasets.procedural.objects import CLASSES, PARTS, primitive_table
from selfsup.datasets.procedural.surfaces import Surface, rgb, sample_hue, sample_surface

BACKGROUNDS = ["sky", "grass", "sand", "water"]
DISTRACTORS = 2

_BACKGROUND_HUES = np.array([0.58, 0.3, 0.1, 0.48])
_BACKGROUND_BETAS = np.array([3.2, 1.6, 1.2, 2.2])
_BACKGROUND_ANISOTROPIES = np.array([1.0, 0.25, 1.0, 4.0])


@dataclass(frozen=True)
class Pose:
    """The pose of the object: position (N, 2), the others (N,); aspect > 1 is wide, flip is 1 or -1."""

    position: Tensor
    rotation_rad: Tensor
    scale: Tensor
    aspect: Tensor
    flip: Tensor


@dataclass(frozen=True)
class Background:
    """A 1/f^beta relief in two colours: kind (N,) int64, colours (N, 3), parameters of the field (N,)."""

    kind: Tensor
    light_colour: Tensor
    dark_colour: Tensor
    beta: Tensor
    anisotropy: Tensor
    angle_rad: Tensor


@dataclass(frozen=True)
class Distractors:
    """Small ellipses and rectangles (N, DISTRACTORS, ...); ``front`` and ``present`` are bool."""

    present: Tensor
    front: Tensor
    position: Tensor
    half_size: Tensor
    squareness: Tensor
    rotation_rad: Tensor
    colour: Tensor


@dataclass(frozen=True)
class Scenes:
    """N scenes: label (N,) int64, primitives (N, PARTS, 8), and the parts above; light and camera noise (N,)."""

    label: Tensor
    primitives: Tensor
    pose: Pose
    surface: Surface
    background: Background
    distractors: Distractors
    light_angle_rad: Tensor
    light_strength: Tensor
    noise: Tensor

    def recorded(self) -> dict[str, np.ndarray]:
        """Return the factors that are stored with a data set, by name, each (N,): integers are categories."""
        pose, front = self.pose, self.distractors.present & self.distractors.front
        factors = {
            "material": self.surface.material,
            "background": self.background.kind,
            "hue": self.surface.hue,
            "position_x": pose.position[:, 0],
            "position_y": pose.position[:, 1],
            "rotation_deg": pose.rotation_rad.rad2deg(),
            "scale": pose.scale,
            "aspect": pose.aspect,
            "flip": pose.flip.long(),
            "light_angle_deg": self.light_angle_rad.rad2deg(),
            "light_strength": self.light_strength,
            "distractors": self.distractors.present.sum(1),
            "distractors_in_front": front.sum(1),
            "noise": self.noise,
        }
        return {name: values.numpy() for name, values in factors.items()}


def sample_scenes(
    rng: np.random.Generator,
    examples: int,
    *,
    label: np.ndarray | None = None,
    dark_object: np.ndarray | None = None,
    turned: bool = False,
    typical_surfaces: bool = False,
) -> Scenes:
    """Return scenes with every class equally often (``examples`` must be a multiple of their number).

    ``label`` (N,) and ``dark_object`` (N,) bool (dark on light, or light on dark) are drawn if they are not given. Objects
    stand within about 8 degrees of upright, or at any angle where ``turned``; their surfaces are drawn regardless of the
    class, or with the material and the hue of the class more often than others where ``typical_surfaces``.
    """
    apart = rng.spawn(1)[0]
    label = rng.permutation(examples) % len(CLASSES) if label is None else label
    dark_object = rng.random(examples) < 0.5 if dark_object is None else dark_object
    return Scenes(
        label=torch.as_tensor(label),
        primitives=_sample_primitives(rng, label),
        pose=_turned(apart, _sample_pose(rng, examples)) if turned else _sample_pose(rng, examples),
        surface=sample_surface(rng, label, dark_object, apart if typical_surfaces else None),
        background=_sample_background(rng, examples, dark_object),
        distractors=_sample_distractors(rng, examples),
        # With a fixed light, shading would reveal the angle to rotation prediction.
        light_angle_rad=real(rng.uniform(0, 2 * np.pi, examples)),
        light_strength=real(rng.uniform(0, 0.35, examples)),
        noise=real(rng.uniform(0, 0.05, examples)),
    )


def _sample_primitives(rng: np.random.Generator, label: np.ndarray) -> Tensor:
    """Return the primitives of each example: those of its class, slightly moved and stretched."""
    primitives = primitive_table()[label]
    shape = (len(label), PARTS, 2)
    primitives[:, :, 0:2] += 0.04 * rng.standard_normal(shape)
    primitives[:, :, 2:4] *= 1 + 0.13 * rng.standard_normal(shape).clip(-2, 2)
    return torch.from_numpy(primitives)


def _sample_pose(rng: np.random.Generator, examples: int) -> Pose:
    scale = rng.uniform(0.62, 1.0, examples)
    reach = 0.9 * (1 - 0.85 * scale)[:, None]  # wide objects may extend slightly beyond the image
    return Pose(
        position=real(reach * rng.uniform(-1, 1, (examples, 2))),
        rotation_rad=real((np.deg2rad(8) * rng.standard_normal(examples)).clip(-0.5, 0.5)),
        scale=real(scale),
        aspect=real(rng.uniform(0.85, 1.18, examples)),
        flip=real(rng.choice([-1.0, 1.0], examples)),
    )


def _turned(rng: np.random.Generator, pose: Pose) -> Pose:
    """Return the pose turned by any angle; the rotation is from -pi to pi."""
    angle_rad = pose.rotation_rad + real(rng.uniform(0, 2 * np.pi, len(pose.rotation_rad)))
    return replace(pose, rotation_rad=(angle_rad + np.pi) % (2 * np.pi) - np.pi)


def _sample_background(rng: np.random.Generator, examples: int, dark_object: np.ndarray) -> Background:
    kind = rng.integers(0, len(BACKGROUNDS), examples)
    hue = sample_hue(rng, _BACKGROUND_HUES[kind], spread=0.05, stray_fraction=0.15)
    dark_hue = hue + 0.08 * rng.standard_normal(examples)
    light = rgb(hue, rng.uniform(0.2, 0.6, examples), rng.uniform(0.45, 0.9, examples))
    dark = rgb(dark_hue, rng.uniform(0.2, 0.7, examples), rng.uniform(0.15, 0.55, examples))
    bright = dark_object[:, None]  # every object contrasts with its background
    return Background(
        kind=torch.as_tensor(kind),
        light_colour=real(np.where(bright, 0.35 + 0.65 * light, 0.7 * light)),
        dark_colour=real(np.where(bright, 0.35 + 0.5 * dark, 0.7 * dark)),
        beta=real(_BACKGROUND_BETAS[kind] + rng.uniform(-0.3, 0.3, examples)),
        anisotropy=real(_BACKGROUND_ANISOTROPIES[kind] * np.exp(rng.uniform(-0.2, 0.2, examples))),
        angle_rad=real(rng.uniform(-0.3, 0.3, examples)),
    )


def _sample_distractors(rng: np.random.Generator, examples: int) -> Distractors:
    shape = (examples, DISTRACTORS)
    count = rng.integers(0, DISTRACTORS + 1, (examples, 1))
    return Distractors(
        present=torch.as_tensor(np.arange(DISTRACTORS) < count),
        front=torch.as_tensor(rng.random(shape) < 0.35),
        position=real(rng.uniform(-1, 1, (*shape, 2))),
        half_size=real(rng.uniform(0.08, 0.25, (*shape, 2))),
        squareness=real(rng.integers(0, 2, shape)),
        rotation_rad=real(rng.uniform(0, np.pi, shape)),
        colour=real(rgb(rng.random(shape), rng.uniform(0.2, 0.8, shape), rng.uniform(0.2, 0.9, shape))),
    )
