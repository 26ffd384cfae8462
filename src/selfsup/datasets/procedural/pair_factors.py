"""The factors of image pairs: the same objects twice, each time in another pose, light and place, before another background."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.objects import CLASSES

KINDS = ["same_object", "same_class", "two_objects"]
SAME_OBJECT, SAME_CLASS, TWO_OBJECTS = range(len(KINDS))
PATTERN = (SAME_OBJECT, TWO_OBJECTS, SAME_OBJECT, SAME_CLASS)  # the kinds of pairs in turn: half show one object twice

_TURN_RAD = np.deg2rad(30)  # either way, so that two views differ by up to 60 degrees
_SCALE_ALONE, _SCALE_OF_TWO = (0.5, 0.95), (0.4, 0.6)
_ASPECT = (0.9, 1.1)
_LIGHT = 0.2  # the logarithm of how much more or less of a colour there may be
_BESIDE = 0.45  # where two objects stand to the left and the right of the middle; wide ones hide a part of each other


@dataclass(frozen=True)
class View:
    """One image of each pair: what surrounds the objects, object 1 and object 2 in their poses, which of the two are
    there, ``present`` (2, N) bool, and by what the ``light`` multiplies red, green and blue (N, 3)."""

    surroundings: Scenes
    objects: tuple[Scenes, Scenes]
    present: Tensor
    light: Tensor


@dataclass(frozen=True)
class Pairs:
    """N pairs: ``kind`` (N,) int64 counts in KINDS, ``label`` (N,) is the class of object 1, and the two views.

    ``counterpart`` (N,) is 1 where object 1 itself is in the second view, 2 where there is another of its class.
    """

    kind: Tensor
    label: Tensor
    counterpart: Tensor
    first: View
    second: View


def sample_pairs(rng: np.random.Generator, examples: int) -> Pairs:
    """Return pairs, their kinds in the order of PATTERN; object 2 is of object 1's class or of any other, as the kind says.

    A pair's objects are both darker or both lighter than its backgrounds, and both mirrored or neither.
    """
    kind = np.resize(PATTERN, examples)
    label = rng.permutation(examples) % len(CLASSES)
    elsewhere = (label + rng.integers(1, len(CLASSES), examples)) % len(CLASSES)
    labels = (label, np.where(kind == SAME_CLASS, label, elsewhere))
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
    """Return where an object stands: anywhere if alone, else on its ``side`` (N,), -1 left and 1 right of the middle."""
    n = len(both)
    scale = np.where(both, rng.uniform(*_SCALE_OF_TWO, n), rng.uniform(*_SCALE_ALONE, n))
    anywhere = 0.9 * (1 - 0.85 * scale)[:, None] * rng.uniform(-1, 1, (n, 2))  # as in scenes: a little may lie outside
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
