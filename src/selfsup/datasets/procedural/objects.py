"""The ten classes of scenes, each a few superellipses painted in order."""

from typing import Generic, NamedTuple, TypeVar

import numpy as np

Number = TypeVar("Number")

SURFACE, TRIM, HOLE = 0.0, 1.0, 2.0  # role: textured surface, plain trim, or a hole in the primitives below


class Primitive(NamedTuple, Generic[Number]):
    """A tapered superellipse in object coordinates: the object fits in [-1, 1]^2, x to the right, y downwards.

    ``squareness`` interpolates between ellipse (0) and rectangle (1); ``taper`` widens it downwards (.95: a triangle);
    the part more than ``cut`` below its centre is removed (half-discs); ``role`` is SURFACE, TRIM or HOLE.
    """

    x: Number
    y: Number
    half_width: Number
    half_height: Number
    taper: Number
    squareness: Number
    cut: Number
    role: Number


UNCUT = 9.0
OBJECTS: dict[str, list[Primitive[float]]] = {
    "tree": [
        Primitive(0, 0.62, 0.13, 0.38, 0, 1, UNCUT, TRIM),
        Primitive(0, -0.2, 0.36, 0.7, 0.95, 1, UNCUT, SURFACE),
    ],
    "house": [
        Primitive(0, 0.35, 0.58, 0.5, 0, 1, UNCUT, SURFACE),
        Primitive(0, -0.4, 0.4, 0.34, 0.95, 1, UNCUT, TRIM),
        Primitive(0, 0.55, 0.14, 0.3, 0, 1, UNCUT, TRIM),
    ],
    "mushroom": [
        Primitive(0, 0.45, 0.2, 0.5, 0, 0.9, UNCUT, TRIM),
        Primitive(0, 0.1, 0.75, 0.85, 0, 0, 0.05, SURFACE),
    ],
    "bottle": [
        Primitive(0, 0.3, 0.42, 0.62, 0, 0.7, UNCUT, SURFACE),
        Primitive(0, -0.6, 0.15, 0.36, 0, 1, UNCUT, TRIM),
    ],
    "boat": [
        Primitive(0, 0.55, 0.62, 0.28, -0.4, 1, UNCUT, TRIM),
        Primitive(0.08, -0.24, 0.3, 0.6, 0.95, 1, UNCUT, SURFACE),
    ],
    "cup": [
        Primitive(0.5, 0.1, 0.34, 0.38, 0, 0, UNCUT, SURFACE),
        Primitive(0.55, 0.1, 0.19, 0.22, 0, 0, UNCUT, HOLE),
        Primitive(-0.1, 0.1, 0.5, 0.62, -0.2, 1, UNCUT, SURFACE),
    ],
    "car": [
        Primitive(0, 0.2, 0.92, 0.27, 0, 0.85, UNCUT, SURFACE),
        Primitive(-0.05, -0.25, 0.42, 0.25, 0.35, 1, UNCUT, SURFACE),
        Primitive(-0.5, 0.48, 0.22, 0.22, 0, 0, UNCUT, TRIM),
        Primitive(0.5, 0.48, 0.22, 0.22, 0, 0, UNCUT, TRIM),
    ],
    "pawn": [
        Primitive(0, 0.4, 0.38, 0.55, 0.6, 1, UNCUT, SURFACE),
        Primitive(0, -0.39, 0.33, 0.33, 0, 0, UNCUT, TRIM),
    ],
    "umbrella": [
        Primitive(0, 0.4, 0.07, 0.55, 0, 1, UNCUT, TRIM),
        Primitive(0, 0.1, 0.85, 0.85, 0, 0, 0.02, SURFACE),
    ],
    "lamp": [
        Primitive(0, 0.25, 0.07, 0.6, 0, 1, UNCUT, TRIM),
        Primitive(0, 0.85, 0.42, 0.11, 0, 1, UNCUT, TRIM),
        Primitive(0, -0.45, 0.4, 0.42, 0.5, 1, UNCUT, SURFACE),
    ],
}

CLASSES = list(OBJECTS)
PARTS = max(len(primitives) for primitives in OBJECTS.values())
# The hue of the trim is a property of the class (roofs red, trunks and sticks brown), in the order of CLASSES.
TRIM_HUES = np.array([0.08, 0.02, 0.12, 0.5, 0.07, 0.6, 0.65, 0.09, 0.75, 0.15])
# Where surfaces are typical, most objects of a class are near its hue and have its material; classes share them, as
# photographs of different things share colours, so that neither decides the class.
TYPICAL_HUES = np.array([0.33, 0.04, 0.98, 0.4, 0.58, 0.62, 0.0, 0.1, 0.85, 0.15])
TYPICAL_MATERIALS = [
    "mottled",
    "checked",
    "dotted",
    "plain",
    "striped",
    "plain",
    "plain",
    "mottled",
    "striped",
    "dotted",
]


def primitive_table() -> np.ndarray:
    """Return the primitives of every class, float32 (classes, PARTS, 8); missing ones are far outside any image."""
    far_away = Primitive(50.0, 0.0, 1e-3, 1e-3, 0.0, 0.0, UNCUT, SURFACE)
    rows = [[*primitives, *[far_away] * (PARTS - len(primitives))] for primitives in OBJECTS.values()]
    return np.array(rows, np.float32)


def missing_parts() -> np.ndarray:
    """Return which parts have no keypoint, bool (classes, PARTS): missing primitives and holes."""
    table = primitive_table()
    return (table[..., 0] > 2) | (table[..., 7] == HOLE)
