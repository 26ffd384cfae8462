"""Objects, materials and backgrounds that no other procedural set shows: what features are transferred to."""

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Pose
from selfsup.datasets.procedural.generation import real
from selfsup.datasets.procedural.geometry import pixel_centres, to_object
from selfsup.datasets.procedural.objects import HOLE, PARTS, SURFACE, TRIM, UNCUT, Primitive
from selfsup.datasets.procedural.surfaces import rgb

OBJECTS: dict[str, list[Primitive[float]]] = {
    "key": [
        Primitive(0, -0.5, 0.42, 0.42, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.5, 0.2, 0.2, 0, 0, UNCUT, HOLE),
        Primitive(0, 0.4, 0.11, 0.52, 0, 1, UNCUT, SURFACE),
        Primitive(0.2, 0.72, 0.2, 0.13, 0, 1, UNCUT, TRIM),
    ],
    "hammer": [
        Primitive(0, 0.3, 0.12, 0.66, 0, 1, UNCUT, TRIM),
        Primitive(0.05, -0.52, 0.62, 0.24, 0, 0.9, UNCUT, SURFACE),
    ],
    "fish": [
        Primitive(0.75, 0, 0.2, 0.45, 0, 0.4, UNCUT, TRIM),
        Primitive(-0.12, 0, 0.72, 0.38, 0, 0, UNCUT, SURFACE),
        Primitive(-0.1, 0.0, 0.1, 0.28, 0, 0, UNCUT, TRIM),
    ],
    "flower": [
        Primitive(0, 0.42, 0.08, 0.55, 0, 1, UNCUT, TRIM),
        Primitive(0.28, 0.5, 0.28, 0.14, 0, 0, UNCUT, TRIM),
        Primitive(0, -0.4, 0.55, 0.52, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.4, 0.2, 0.2, 0, 0, UNCUT, TRIM),
    ],
    "candle": [
        Primitive(0, 0.82, 0.6, 0.14, 0, 0.5, UNCUT, TRIM),
        Primitive(0, 0.2, 0.26, 0.55, 0, 1, UNCUT, SURFACE),
        Primitive(0, -0.62, 0.14, 0.32, 0.3, 0, UNCUT, TRIM),
    ],
    "snowman": [
        Primitive(0, 0.52, 0.5, 0.46, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.1, 0.36, 0.34, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.58, 0.25, 0.25, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.84, 0.3, 0.1, 0, 1, UNCUT, TRIM),
    ],
    "table": [
        Primitive(-0.6, 0.3, 0.11, 0.58, 0, 1, UNCUT, TRIM),
        Primitive(0.6, 0.3, 0.11, 0.58, 0, 1, UNCUT, TRIM),
        Primitive(0, -0.3, 0.9, 0.16, 0, 1, UNCUT, SURFACE),
    ],
    "ring": [
        Primitive(0, 0.2, 0.66, 0.66, 0, 0, UNCUT, SURFACE),
        Primitive(0, 0.2, 0.42, 0.42, 0, 0, UNCUT, HOLE),
        Primitive(0, -0.62, 0.28, 0.24, -0.6, 1, UNCUT, TRIM),
    ],
    "hat": [
        Primitive(0, 0.5, 0.92, 0.18, 0, 0, UNCUT, SURFACE),
        Primitive(0, -0.02, 0.46, 0.5, 0.25, 0.8, UNCUT, SURFACE),
        Primitive(0, 0.3, 0.56, 0.11, 0, 1, UNCUT, TRIM),
    ],
    "balloon": [
        Primitive(0, 0.45, 0.05, 0.4, 0, 1, UNCUT, TRIM),
        Primitive(0, -0.3, 0.55, 0.62, 0, 0, UNCUT, SURFACE),
        Primitive(0, 0.82, 0.26, 0.16, 0, 1, UNCUT, TRIM),
    ],
}
CLASSES = list(OBJECTS)
MATERIALS = ["ringed", "zigzag", "shaded", "crossed"]
BACKGROUNDS = ["bricks", "planks", "tiles", "ramp"]
TRIM_HUES = np.array([0.9, 0.07, 0.45, 0.3, 0.13, 0.55, 0.09, 0.7, 0.98, 0.2])


def sample_primitives(rng: np.random.Generator, label: np.ndarray) -> Tensor:
    """Return the parts (N, PARTS, 8) of objects of classes ``label`` (N,), slightly moved and stretched."""
    primitives = _table()[label]
    shape = (len(label), PARTS, 2)
    primitives[:, :, 0:2] += 0.03 * rng.standard_normal(shape)
    primitives[:, :, 2:4] *= 1 + 0.1 * rng.standard_normal(shape).clip(-2, 2)
    return torch.from_numpy(primitives)


def _table() -> np.ndarray:
    far_away = Primitive(50.0, 0.0, 1e-3, 1e-3, 0.0, 0.0, UNCUT, SURFACE)
    rows = [[*parts, *[far_away] * (PARTS - len(parts))] for parts in OBJECTS.values()]
    return np.array(rows, np.float32)


def material_shade(rng: np.random.Generator, pose: Pose, size_px: int) -> Tensor:
    """Return the factor (N, 1, H, W) from 0.45 to 1 by which a material of MATERIALS darkens an object, which moves with it."""
    n = len(pose.scale)
    u, v = to_object(*pixel_centres(size_px), pose)
    frequency, phase = (real(rng.uniform(low, high, n))[:, None, None] for low, high in ((6, 10), (0, 2 * np.pi)))
    saw = ((u * 1.5 + phase) % 1 - 0.5).abs()
    patterns = [
        (frequency * 1.4 * (u * u + v * v).sqrt() + phase).sin(),
        (frequency * (v + saw) + phase).sin(),
        1.4 * (v + 0.5 * phase.cos()),
        (frequency * (u + v) + phase).sin().maximum((frequency * (u - v) + phase).sin()) - 0.3,
    ]
    kind = torch.from_numpy(rng.integers(0, len(MATERIALS), n))
    pattern = torch.stack(patterns)[kind, torch.arange(n)]
    return (0.45 + 0.55 * torch.sigmoid(3 * pattern))[:, None]


def render_backgrounds(rng: np.random.Generator, dark_object: np.ndarray, size_px: int) -> tuple[Tensor, Tensor]:
    """Return colours (N, 3, H, W) and indices in BACKGROUNDS (N,) of backgrounds; bright ones where the object is dark."""
    n = len(dark_object)
    x, y = pixel_centres(size_px)
    rows, shift = (real(rng.uniform(low, high, n))[:, None, None] for low, high in ((1.5, 3.0), (0, 1)))
    row = y * rows + shift
    column = x * rows * 0.6 + 0.5 * (row.floor() % 2) + shift
    lines = [
        ((row % 1 < 0.2) | (column % 1 < 0.12)).float(),
        ((x * rows * 1.3 + shift) % 1 < 0.16).float() + 0 * y,
        (((x * rows + shift).floor() + row.floor()) % 2),
        ((y + 1) / 2 + 0 * x).clamp(0, 1).expand(n, -1, -1),
    ]
    kind = torch.from_numpy(rng.integers(0, len(BACKGROUNDS), n))
    pattern = torch.stack(lines)[kind, torch.arange(n)][:, None]
    hue = rng.random(n)
    first, second = (rgb(hue + offset, rng.uniform(0.15, 0.55, n), rng.uniform(0.4, 0.9, n)) for offset in (0.0, 0.1))
    lift = np.where(dark_object, 0.35, 0.0)[:, None]
    wall, line = (real(lift + 0.62 * colour)[:, :, None, None] for colour in (first, 0.75 * second))
    return torch.lerp(wall, line, pattern), kind
