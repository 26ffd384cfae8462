"""The surfaces of objects: their material, colours and pattern, regardless of the class or typical of it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.generation import real
from selfsup.datasets.procedural.objects import TRIM_HUES, TYPICAL_HUES, TYPICAL_MATERIALS

MATERIALS = ["plain", "striped", "checked", "dotted", "mottled"]
TYPICAL_FRACTION = 0.5  # of a class's objects, at least, have its material

_MATERIAL_HUES = np.array([0.0, 0.12, 0.58, 0.33, 0.83])
_TYPICAL_MATERIALS = np.array([MATERIALS.index(name) for name in TYPICAL_MATERIALS])
_LUMINANCE_GAP = 0.3


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


def sample_surface(
    rng: np.random.Generator, label: np.ndarray, dark_object: np.ndarray, typical: np.random.Generator | None
) -> Surface:
    """Return the surfaces of objects of classes ``label`` (N,), ``dark_object`` (N,) bool.

    Hues are near that of the material, which any class may have. With ``typical``, the random stream of the choice, they are
    near that of the class, and the class's material is the most frequent one.
    """
    n = len(label)
    material = rng.integers(0, len(MATERIALS), n)
    usual_hue, stray_fraction = _MATERIAL_HUES[material], 0.3
    if typical is not None:
        material = np.where(typical.random(n) < TYPICAL_FRACTION, _TYPICAL_MATERIALS[label], material)
        usual_hue, stray_fraction = TYPICAL_HUES[label], 0.15
    hue = sample_hue(rng, usual_hue, spread=0.06, stray_fraction=stray_fraction)
    trim_hue = sample_hue(rng, TRIM_HUES[label], spread=0.08, stray_fraction=0.3)
    light = rgb(hue, rng.uniform(0.35, 0.9, n), rng.uniform(0.45, 0.95, n))
    dark = rgb(hue + 0.06 * rng.standard_normal(n), rng.uniform(0.2, 0.7, n), rng.uniform(0.15, 0.6, n))
    trim = rgb(trim_hue, rng.uniform(0.2, 0.7, n), rng.uniform(0.2, 0.8, n))
    lift = np.where(dark_object, 0.0, _LUMINANCE_GAP)[:, None]
    return Surface(
        material=torch.as_tensor(material),
        hue=real(hue % 1),
        light_colour=real(lift + 0.7 * light),
        dark_colour=real(lift + 0.7 * dark),
        trim_colour=real(lift + 0.7 * trim),
        frequency=real(rng.uniform(5, 9, n)),
        angle_rad=real(rng.uniform(-0.6, 0.6, n) + rng.choice([0, np.pi / 2], n)),
        phase=real(rng.uniform(0, 2 * np.pi, (n, 2))),
    )


def sample_hue(rng: np.random.Generator, usual: np.ndarray, *, spread: float, stray_fraction: float) -> np.ndarray:
    """Return hues (N,) near the usual ones, except for a fraction of uniform ones."""
    stray = rng.random(len(usual)) < stray_fraction
    return np.where(stray, rng.random(len(usual)), usual + spread * rng.standard_normal(len(usual)))


def rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the RGB colours (..., 3) of HSV colours, each (...); hue is a fraction of a turn."""
    k = (np.array([5, 3, 1]) + 6 * hue[..., None]) % 6
    return value[..., None] * (1 - saturation[..., None] * np.clip(np.minimum(k, 4 - k), 0, 1))
