"""The factors of scenes: all random values except the noise fields, drawn with numpy for N scenes at once.

Lengths are in half images (the image covers [-1, 1]^2, x to the right, y downwards), colours are RGB in [0, 1].
No factor except the trim hue depends on the class, so that colour and background do not reveal it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.objects import CLASSES, PARTS, TRIM_HUES, primitive_table

MATERIALS = ["plain", "striped", "checked", "dotted", "mottled"]
BACKGROUNDS = ["sky", "grass", "sand", "water"]
DISTRACTORS = 2

_MATERIAL_HUES = np.array([0.0, 0.12, 0.58, 0.33, 0.83])
_BACKGROUND_HUES = np.array([0.58, 0.3, 0.1, 0.48])
_BACKGROUND_BETAS = np.array([3.2, 1.6, 1.2, 2.2])
_BACKGROUND_ANISOTROPIES = np.array([1.0, 0.25, 1.0, 4.0])
_LUMINANCE_GAP = 0.3


@dataclass(frozen=True)
class Pose:
    """The pose of the object: position (N, 2), the others (N,); aspect > 1 is wide, flip is 1 or -1."""

    position: Tensor
    rotation_rad: Tensor
    scale: Tensor
    aspect: Tensor
    flip: Tensor


@dataclass(frozen=True)
class Surface:
    """The surface of the object: material (N,) int64, hue (N,), two colours and that of the trim (N, 3), pattern geometry."""

    material: Tensor
    hue: Tensor
    light_colour: Tensor
    dark_colour: Tensor
    trim_colour: Tensor
    frequency: Tensor
    angle_rad: Tensor
    phase: Tensor


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
        """Return the factors that are stored with a data set, by name, each (N,)."""
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
            "flip": pose.flip,
            "light_angle_deg": self.light_angle_rad.rad2deg(),
            "light_strength": self.light_strength,
            "distractors": self.distractors.present.sum(1),
            "distractors_in_front": front.sum(1),
            "noise": self.noise,
        }
        return {name: values.numpy() for name, values in factors.items()}


def sample_scenes(
    rng: np.random.Generator, examples: int, *, label: np.ndarray | None = None, dark_object: np.ndarray | None = None
) -> Scenes:
    """Return scenes with every class equally often (``examples`` must be a multiple of their number).

    ``label`` (N,) and ``dark_object`` (N,) bool (dark on light, or light on dark) are drawn if they are not given.
    """
    label = rng.permutation(examples) % len(CLASSES) if label is None else label
    dark_object = rng.random(examples) < 0.5 if dark_object is None else dark_object
    return Scenes(
        label=torch.as_tensor(label),
        primitives=_sample_primitives(rng, label),
        pose=_sample_pose(rng, examples),
        surface=_sample_surface(rng, label, dark_object),
        background=_sample_background(rng, examples, dark_object),
        distractors=_sample_distractors(rng, examples),
        # With a fixed light, shading would reveal the angle to rotation prediction.
        light_angle_rad=_real(rng.uniform(0, 2 * np.pi, examples)),
        light_strength=_real(rng.uniform(0, 0.35, examples)),
        noise=_real(rng.uniform(0, 0.05, examples)),
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
    room = 0.9 * (1 - 0.85 * scale)[:, None]  # wide objects may extend slightly beyond the image
    return Pose(
        position=_real(room * rng.uniform(-1, 1, (examples, 2))),
        rotation_rad=_real((np.deg2rad(8) * rng.standard_normal(examples)).clip(-0.5, 0.5)),
        scale=_real(scale),
        aspect=_real(rng.uniform(0.85, 1.18, examples)),
        flip=_real(rng.choice([-1.0, 1.0], examples)),
    )


def _sample_surface(rng: np.random.Generator, label: np.ndarray, dark_object: np.ndarray) -> Surface:
    n = len(label)
    material = rng.integers(0, len(MATERIALS), n)
    hue = _sample_hue(rng, _MATERIAL_HUES[material], spread=0.06, stray_fraction=0.3)
    trim_hue = _sample_hue(rng, TRIM_HUES[label], spread=0.08, stray_fraction=0.3)
    light = rgb(hue, rng.uniform(0.35, 0.9, n), rng.uniform(0.45, 0.95, n))
    dark = rgb(hue + 0.06 * rng.standard_normal(n), rng.uniform(0.2, 0.7, n), rng.uniform(0.15, 0.6, n))
    trim = rgb(trim_hue, rng.uniform(0.2, 0.7, n), rng.uniform(0.2, 0.8, n))
    lift = np.where(dark_object, 0.0, _LUMINANCE_GAP)[:, None]
    return Surface(
        material=torch.as_tensor(material),
        hue=_real(hue % 1),
        light_colour=_real(lift + 0.7 * light),
        dark_colour=_real(lift + 0.7 * dark),
        trim_colour=_real(lift + 0.7 * trim),
        frequency=_real(rng.uniform(5, 9, n)),
        angle_rad=_real(rng.uniform(-0.6, 0.6, n) + rng.choice([0, np.pi / 2], n)),
        phase=_real(rng.uniform(0, 2 * np.pi, (n, 2))),
    )


def _sample_background(rng: np.random.Generator, examples: int, dark_object: np.ndarray) -> Background:
    kind = rng.integers(0, len(BACKGROUNDS), examples)
    hue = _sample_hue(rng, _BACKGROUND_HUES[kind], spread=0.05, stray_fraction=0.15)
    dark_hue = hue + 0.08 * rng.standard_normal(examples)
    light = rgb(hue, rng.uniform(0.2, 0.6, examples), rng.uniform(0.45, 0.9, examples))
    dark = rgb(dark_hue, rng.uniform(0.2, 0.7, examples), rng.uniform(0.15, 0.55, examples))
    bright = dark_object[:, None]  # every object contrasts with its background
    return Background(
        kind=torch.as_tensor(kind),
        light_colour=_real(np.where(bright, 0.35 + 0.65 * light, 0.7 * light)),
        dark_colour=_real(np.where(bright, 0.35 + 0.5 * dark, 0.7 * dark)),
        beta=_real(_BACKGROUND_BETAS[kind] + rng.uniform(-0.3, 0.3, examples)),
        anisotropy=_real(_BACKGROUND_ANISOTROPIES[kind] * np.exp(rng.uniform(-0.2, 0.2, examples))),
        angle_rad=_real(rng.uniform(-0.3, 0.3, examples)),
    )


def _sample_distractors(rng: np.random.Generator, examples: int) -> Distractors:
    shape = (examples, DISTRACTORS)
    count = rng.integers(0, DISTRACTORS + 1, (examples, 1))
    return Distractors(
        present=torch.as_tensor(np.arange(DISTRACTORS) < count),
        front=torch.as_tensor(rng.random(shape) < 0.35),
        position=_real(rng.uniform(-1, 1, (*shape, 2))),
        half_size=_real(rng.uniform(0.08, 0.25, (*shape, 2))),
        squareness=_real(rng.integers(0, 2, shape)),
        rotation_rad=_real(rng.uniform(0, np.pi, shape)),
        colour=_real(rgb(rng.random(shape), rng.uniform(0.2, 0.8, shape), rng.uniform(0.2, 0.9, shape))),
    )


def _sample_hue(rng: np.random.Generator, usual: np.ndarray, *, spread: float, stray_fraction: float) -> np.ndarray:
    """Return hues (N,) near the usual ones, except for a fraction of uniform ones."""
    stray = rng.random(len(usual)) < stray_fraction
    return np.where(stray, rng.random(len(usual)), usual + spread * rng.standard_normal(len(usual)))


def rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the RGB colours (..., 3) of HSV colours, each (...); hue is a fraction of a turn."""
    k = (np.array([5, 3, 1]) + 6 * hue[..., None]) % 6
    return value[..., None] * (1 - saturation[..., None] * np.clip(np.minimum(k, 4 - k), 0, 1))


def _real(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
