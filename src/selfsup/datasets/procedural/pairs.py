"""Rendered image pairs with ground truth for every pixel: its object and the same point in the other image."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.objects import missing_parts
from selfsup.datasets.procedural.pair_factors import Pairs, View
from selfsup.datasets.procedural.rendering import ground, object_layer, paint, photograph


@dataclass(frozen=True)
class PairRendering:
    """Both images uint8 (N, 3, H, W), their masks uint8 (N, H, W) with 0 or the object's number, ``match`` float32
    (N, H, W, 2) and the keypoints of object 1 and of its counterpart float32 (N, PARTS, 2), all x y in pixels."""

    first: Tensor
    second: Tensor
    first_mask: Tensor
    second_mask: Tensor
    match: Tensor
    first_keypoint: Tensor
    second_keypoint: Tensor


def render_pairs(pairs: Pairs, size_px: int, seed: list[int]) -> PairRendering:
    """Return both images and their ground truth; ``seed`` is that of textures and noise.

    ``match`` is the position in the second image of the object point at a pixel's centre: the point with the same object
    coordinates, on the counterpart where that is another object. It is NaN on the background and where the point is
    occluded or outside the second image. A keypoint is a part's centre, NaN where its pixel does not show the object.
    """
    first, first_mask = _photographed(pairs.first, size_px, seed, 0)
    second, second_mask = _photographed(pairs.second, size_px, seed, 1)
    one = torch.ones_like(pairs.counterpart)
    return PairRendering(
        first=first,
        second=second,
        first_mask=first_mask,
        second_mask=second_mask,
        match=_match(pairs, first_mask, second_mask),
        first_keypoint=_keypoints(pairs.first, one, pairs.label, first_mask),
        second_keypoint=_keypoints(pairs.second, pairs.counterpart, pairs.label, second_mask),
    )


def _photographed(view: View, size_px: int, seed: list[int], number: int) -> tuple[Tensor, Tensor]:
    """Return the image and the mask of one view; an object's texture has its own random stream, the same in both views."""
    rng = np.random.default_rng([*seed, number])
    things = []
    for index, (thing, present) in enumerate(zip(view.objects, view.present, strict=True)):
        layer = object_layer(thing, size_px, np.random.default_rng([*seed, 2, index]))
        things.append(replace(layer, coverage=layer.coverage * present[:, None, None]))
    surroundings = view.surroundings
    painted = paint(ground(surroundings.background, size_px, rng), things, surroundings.distractors)
    mask = sum((number + 1) * (visible > 0.5) for number, visible in enumerate(painted.visible))
    lit = painted.image * view.light[:, :, None, None]
    return photograph(lit, surroundings, rng), torch.as_tensor(mask).to(torch.uint8)


def _match(pairs: Pairs, first_mask: Tensor, second_mask: Tensor) -> Tensor:
    size_px = first_mask.shape[-1]
    match = torch.full((*first_mask.shape, 2), torch.nan)
    for number, counterpart in ((1, pairs.counterpart), (2, torch.full_like(pairs.counterpart, 2))):
        u, v = geometry.to_object(*geometry.pixel_centres(size_px), pairs.first.objects[number - 1].pose)
        one, two = (_pixels(*geometry.to_image(u, v, thing.pose), size_px) for thing in pairs.second.objects)
        position = torch.where(_rows(counterpart == 1)[..., None], one, two)
        visible = _at(second_mask, position) == _rows(counterpart)
        match = torch.where(((first_mask == number) & visible)[..., None], position, match)
    return match


def _keypoints(view: View, number: Tensor, label: Tensor, mask: Tensor) -> Tensor:
    """Return the centres of the parts of object ``number`` (N,) where the mask shows that object there."""
    one, two = (_pixels(*geometry.part_centres(thing.primitives, thing.pose), mask.shape[-1]) for thing in view.objects)
    points = torch.where(_rows(number == 1), one, two)
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
