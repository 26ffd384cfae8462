"""The factors of image pairs: the same objects in two images with different poses, positions, light and backgrounds."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.objects import CLASSES

KINDS = ["same_object", "same_class", "two_objects"]
SAME_OBJECT, SAME_CLASS, TWO_OBJECTS = range(len(KINDS))
PATTERN = (SAME_OBJECT, TWO_OBJECTS, SAME_OBJECT, SAME_CLASS)  # repeated; half of the pairs show one object twice

_TURN_RAD = np.deg2rad(30)  # in both directions, so that two views differ by up to 60 degrees
_SCALE_ALONE, _SCALE_OF_TWO = (0.5, 0.95), (0.4, 0.6)
_ASPECT = (0.9, 1.1)
_LIGHT = 0.2  # bound of the logarithm of each colour's gain
_BESIDE = 0.45  # distance of two objects from the middle, left and right; wide ones partly occlude each other


@dataclass(frozen=True)
class View:
    """One image of each pair: the surroundings, objects 1 and 2 in their poses, which of them are ``present`` (2, N)
    bool, and the gain of red, green and blue by the ``light`` (N, 3)."""

    surroundings: Scenes
    objects: tuple[Scenes, Scenes]
    present: Tensor
    light: Tensor


@dataclass(frozen=True)
class Pairs:
    """N pairs: ``kind`` (N,) int64 indexes KINDS, ``label`` (N,) is the class of object 1, and the two views.

    ``counterpart`` (N,) is 1 where the second view has object 1 itself, 2 where it has another object of its class.
    """

    kind: Tensor
    label: Tensor
    counterpart: Tensor
    first: View
    second: View


def sample_pairs(rng: np.random.Generator, examples: int) -> Pairs:
    """Return pairs of the kinds in PATTERN, repeated; the kind decides whether object 2 has the class of object 1.

    The objects of a pair are both darker or both lighter than their backgrounds, and both mirrored or neither.
    """
    kind = np.resize(PATTERN, examples)
    label = rng.permutation(examples) % len(CLASSES)
    other = (label + rng.integers(1, len(CLASSES), examples)) % len(CLASSES)
    labels = (label, np.where(kind == SAME_CLASS, label, other))
    dark = rng.random(examples) < 0.5
    objects = [sample_scenes(rng, examples, label=each, dark_object=dark) for each in labels]
    flip = _real(rng.choice([-1.0, 1.0], examples))
    both = kind == TWO_OBJECTS
    return Pairs(
        kind=torch.as_tensor(kind),
        label=torch.as_tensor(label),
        counterpart=torch.as_tensor(np.where(kind == SAME_CLASS, 2, 1)),
        first=_view(rng, objects, objects[0], np.stack([both | ~both, both]), both, flip),
        second=_view(rng, objects, objects[1], np.stack([kind != SAME_CLASS, kind != SAME_OBJECT]), both, flip),
    )


def _view(
    rng: np.random.Generator,
    objects: list[Scenes],
    surroundings: Scenes,
    present: np.ndarray,
    both: np.ndarray,
    flip: Tensor,
) -> View:
    side = rng.choice([-1.0, 1.0], len(both))
    first, second = (
        replace(thing, pose=_sample_pose(rng, both, where, flip))
        for thing, where in zip(objects, (side, -side), strict=True)
    )
    light = np.exp(rng.uniform(-_LIGHT, _LIGHT, (len(both), 3)))
    return View(surroundings, (first, second), torch.as_tensor(present), _real(light))


def _sample_pose(rng: np.random.Generator, both: np.ndarray, side: np.ndarray, flip: Tensor) -> Pose:
    """Return the pose of an object: anywhere if alone, else on its ``side`` (N,), -1 left or 1 right of the middle."""
    n = len(both)
    scale = np.where(both, rng.uniform(*_SCALE_OF_TWO, n), rng.uniform(*_SCALE_ALONE, n))
    anywhere = 0.9 * (1 - 0.85 * scale)[:, None] * rng.uniform(-1, 1, (n, 2))  # as in scenes.py
    beside = np.stack([_BESIDE * side, np.zeros(n)], 1) + rng.uniform(-1, 1, (n, 2)) * (0.12, 0.4)
    return Pose(
        position=_real(np.where(both[:, None], beside, anywhere)),
        rotation_rad=_real(rng.uniform(-_TURN_RAD, _TURN_RAD, n)),
        scale=_real(scale),
        aspect=_real(rng.uniform(*_ASPECT, n)),
        flip=flip,
    )


def _real(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
