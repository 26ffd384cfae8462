"""Image pairs with ground truth for every pixel: the same objects with different poses, light and backgrounds."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.generation import real
from selfsup.datasets.procedural.objects import CLASSES, missing_parts
from selfsup.datasets.procedural.rendering import light_and_noise, object_layer, paint, render_background

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
    objects = [sample_scenes(rng, examples, label=classes, dark_object=dark) for classes in labels]
    flip = real(rng.choice([-1.0, 1.0], examples))
    two_objects = kind == TWO_OBJECTS
    return Pairs(
        kind=torch.as_tensor(kind),
        label=torch.as_tensor(label),
        counterpart=torch.as_tensor(np.where(kind == SAME_CLASS, 2, 1)),
        first=_view(rng, objects, objects[0], np.stack([np.ones_like(two_objects), two_objects]), two_objects, flip),
        second=_view(rng, objects, objects[1], np.stack([kind != SAME_CLASS, kind != SAME_OBJECT]), two_objects, flip),
    )


def _view(
    rng: np.random.Generator,
    objects: list[Scenes],
    surroundings: Scenes,
    present: np.ndarray,
    two_objects: np.ndarray,
    flip: Tensor,
) -> View:
    side = rng.choice([-1.0, 1.0], len(two_objects))
    first, second = (
        replace(scenes, pose=_sample_pose(rng, two_objects, object_side, flip))
        for scenes, object_side in zip(objects, (side, -side), strict=True)
    )
    light = np.exp(rng.uniform(-_LIGHT, _LIGHT, (len(two_objects), 3)))
    return View(surroundings, (first, second), torch.as_tensor(present), real(light))


def _sample_pose(rng: np.random.Generator, two_objects: np.ndarray, side: np.ndarray, flip: Tensor) -> Pose:
    """Return the pose of an object: anywhere if alone, else on its ``side`` (N,), -1 left or 1 right of the middle."""
    n = len(two_objects)
    scale = np.where(two_objects, rng.uniform(*_SCALE_OF_TWO, n), rng.uniform(*_SCALE_ALONE, n))
    anywhere = 0.9 * (1 - 0.85 * scale)[:, None] * rng.uniform(-1, 1, (n, 2))  # as in factors.py
    beside = np.stack([_BESIDE * side, np.zeros(n)], 1) + rng.uniform(-1, 1, (n, 2)) * (0.12, 0.4)
    return Pose(
        position=real(np.where(two_objects[:, None], beside, anywhere)),
        rotation_rad=real(rng.uniform(-_TURN_RAD, _TURN_RAD, n)),
        scale=real(scale),
        aspect=real(rng.uniform(*_ASPECT, n)),
        flip=flip,
    )


def render_pairs(pairs: Pairs, size_px: int, seed: list[int]) -> dict[str, Tensor]:
    """Return both images, ``first`` and ``second`` uint8 (N, 3, H, W), and their ground truth, all positions x y in pixels.

    ``first_mask`` and ``second_mask`` uint8 (N, H, W) are 0 or the object's number. ``match`` float32 (N, H, W, 2) is the
    position in the second image of the object point at a pixel's centre: the point with the same object coordinates, on the
    counterpart where that is another object. It is NaN on the background and where the point is occluded or outside the
    second image. ``first_keypoint`` and ``second_keypoint`` float32 (N, PARTS, 2) are the centres of the parts of object 1
    and of its counterpart, NaN where their pixel does not show the object. ``seed`` is that of textures and noise.
    """
    first, first_mask = _render_view(pairs.first, size_px, seed, 0)
    second, second_mask = _render_view(pairs.second, size_px, seed, 1)
    return {
        "first": first,
        "second": second,
        "first_mask": first_mask,
        "second_mask": second_mask,
        "match": _match(pairs, first_mask, second_mask),
        "first_keypoint": _keypoints(pairs.first, torch.ones_like(pairs.counterpart), pairs.label, first_mask),
        "second_keypoint": _keypoints(pairs.second, pairs.counterpart, pairs.label, second_mask),
    }


def _render_view(view: View, size_px: int, seed: list[int], number: int) -> tuple[Tensor, Tensor]:
    """Return the image and the mask of one view; an object's texture has its own random stream, the same in both views."""
    rng = np.random.default_rng([*seed, number])
    layers = []
    for index, (scenes, present) in enumerate(zip(view.objects, view.present, strict=True)):
        layer = object_layer(scenes, size_px, np.random.default_rng([*seed, 2, index]))
        layers.append(replace(layer, coverage=layer.coverage * present[:, None, None]))
    surroundings = view.surroundings
    painted = paint(render_background(surroundings.background, size_px, rng), layers, surroundings.distractors)
    mask = sum((number + 1) * (visible > 0.5) for number, visible in enumerate(painted.visible))
    lit = painted.image * view.light[:, :, None, None]
    return light_and_noise(lit, surroundings, rng), torch.as_tensor(mask).to(torch.uint8)


def _match(pairs: Pairs, first_mask: Tensor, second_mask: Tensor) -> Tensor:
    size_px = first_mask.shape[-1]
    match = torch.full((*first_mask.shape, 2), torch.nan)
    for number, counterpart in ((1, pairs.counterpart), (2, torch.full_like(pairs.counterpart, 2))):
        u, v = geometry.to_object(*geometry.pixel_centres(size_px), pairs.first.objects[number - 1].pose)
        first, second = (_pixels(*geometry.to_image(u, v, scenes.pose), size_px) for scenes in pairs.second.objects)
        position = torch.where(_rows(counterpart == 1)[..., None], first, second)
        visible = _at(second_mask, position) == _rows(counterpart)
        match = torch.where(((first_mask == number) & visible)[..., None], position, match)
    return match


def _keypoints(view: View, number: Tensor, label: Tensor, mask: Tensor) -> Tensor:
    """Return the centres of the parts of object ``number`` (N,) where the mask shows that object there."""
    centres = (geometry.part_centres(scenes.primitives, scenes.pose) for scenes in view.objects)
    first, second = (_pixels(*centre, mask.shape[-1]) for centre in centres)
    points = torch.where(_rows(number == 1), first, second)
    visible = _at(mask, points[:, None])[:, 0] == number[:, None]
    missing = torch.from_numpy(missing_parts())[label]
    return points.masked_fill((missing | ~visible)[..., None], torch.nan)


def _pixels(x: Tensor, y: Tensor, size_px: int) -> Tensor:
    """Return x y in pixels from the top left corner, (..., 2), of positions in half images, each (...)."""
    return (torch.stack([x, y], -1) + 1) / 2 * size_px


def _at(mask: Tensor, positions: Tensor) -> Tensor:
    """Return the values of a mask (N, H, W) at positions (N, A, B, 2), x y in pixels; 0 outside."""
    size_px = mask.shape[-1]
    inside = ((positions >= 0) & (positions < size_px)).all(-1)
    column, row = positions.long().clamp(0, size_px - 1).unbind(-1)
    return mask[torch.arange(len(mask))[:, None, None], row, column] * inside


def _rows(values: Tensor) -> Tensor:
    return values[:, None, None]
