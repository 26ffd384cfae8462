"""Coordinates, superellipses and boxes of the scenes. Lengths in half images, positions in [-1, 1]^2, y downwards."""

import torch
from torch import Tensor

from selfsup.datasets.procedural.factors import Distractors, Pose
from selfsup.datasets.procedural.objects import UNCUT, Primitive


def pixel_centres(size_px: int) -> tuple[Tensor, Tensor]:
    """Return x (1, 1, W) and y (1, H, 1) of the pixels' centres."""
    centres = (torch.arange(size_px) + 0.5) / size_px * 2 - 1
    return centres[None, None, :], centres[None, :, None]


def to_object(x: Tensor, y: Tensor, pose: Pose) -> tuple[Tensor, Tensor]:
    """Return the object coordinates of image positions, each (N or 1, A, B) -> (N, A, B)."""
    x, y = x - _column(pose.position[:, 0]), y - _column(pose.position[:, 1])
    x, y = _rotated(x, y, -_column(pose.rotation_rad))
    scale, aspect = _column(pose.scale), _column(pose.aspect)
    return x / (scale * aspect) * _column(pose.flip), y / (scale / aspect)


def to_image(u: Tensor, v: Tensor, pose: Pose) -> tuple[Tensor, Tensor]:
    """Return the image positions of object coordinates (N, A, B): the inverse of ``to_object``."""
    scale, aspect = _column(pose.scale), _column(pose.aspect)
    x, y = _rotated(u * _column(pose.flip) * scale * aspect, v * scale / aspect, _column(pose.rotation_rad))
    return x + _column(pose.position[:, 0]), y + _column(pose.position[:, 1])


def part(primitives: Tensor, index: int) -> Primitive[Tensor]:
    """Return one part of every object, each field (N, 1, 1), from primitives (N, PARTS, 8)."""
    return Primitive(*primitives[:, index, :, None, None].unbind(1))


def level(shape: Primitive[Tensor], u: Tensor, v: Tensor) -> Tensor:
    """Return the relative distance of positions from a superellipse's centre (0) to its edge (1), (N, A, B)."""
    y = v - shape.y
    half_width = (shape.half_width * (1 + shape.taper * y / shape.half_height)).clamp_min(1e-3)
    x, y = ((u - shape.x) / half_width).abs(), (y / shape.half_height).abs()
    ellipse, rectangle = (x * x + y * y).sqrt(), torch.maximum(x, y)
    return torch.lerp(ellipse, rectangle, shape.squareness.expand_as(ellipse))


def coverage(shape: Primitive[Tensor], u: Tensor, v: Tensor, level: Tensor, unit_px: Tensor) -> Tensor:
    """Return the fraction of each pixel that a superellipse covers, from its approximate distance to the edge."""
    inside_px = (1 - level) * torch.minimum(shape.half_width, shape.half_height) * unit_px
    above_cut_px = (shape.cut - (v - shape.y)) * unit_px
    return (torch.minimum(inside_px, above_cut_px) + 0.5).clamp(0, 1)


def distractor_coverage(distractors: Distractors, index: int, x: Tensor, y: Tensor, size_px: int) -> Tensor:
    """Return the coverage of image positions by one distractor of every scene (N, A, B); 0 where it is absent."""
    x, y = x - _column(distractors.position[:, index, 0]), y - _column(distractors.position[:, index, 1])
    u, v = _rotated(x, y, -_column(distractors.rotation_rad[:, index]))
    half_width, half_height = (_column(distractors.half_size[:, index, axis]) for axis in (0, 1))
    zero = torch.zeros_like(half_width)
    squareness = _column(distractors.squareness[:, index])
    shape = Primitive(zero, zero, half_width, half_height, zero, squareness, zero + UNCUT, zero)
    covered = coverage(shape, u, v, level(shape, u, v), torch.tensor(size_px / 2))
    return covered * _column(distractors.present[:, index])


def part_centres(primitives: Tensor, pose: Pose) -> tuple[Tensor, Tensor]:
    """Return the image positions x and y (N, PARTS) of the parts' centres; of a half-disc, of the remaining half."""
    shape = Primitive(*primitives.unbind(2))
    removed = shape.half_height - torch.minimum(shape.half_height, shape.cut)
    x, y = to_image(shape.x[:, None], (shape.y - removed / 2)[:, None], pose)
    return x[:, 0], y[:, 0]


def bounding_boxes(mask: Tensor) -> Tensor:
    """Return the boxes (N, 4) of non-empty masks (N, H, W): x0 y0 x1 y1 in pixels, x1 and y1 exclusive."""
    columns, rows = mask.any(1), mask.any(2)
    sides = []
    for line in (columns, rows):
        first, last = line.byte().argmax(1), line.shape[1] - line.flip(1).byte().argmax(1)
        sides.append((first, last))
    (x0, x1), (y0, y1) = sides
    return torch.stack([x0, y0, x1, y1], 1).float()


def _rotated(x: Tensor, y: Tensor, angle_rad: Tensor) -> tuple[Tensor, Tensor]:
    cosine, sine = angle_rad.cos(), angle_rad.sin()
    return cosine * x - sine * y, sine * x + cosine * y


def _column(values: Tensor) -> Tensor:
    return values[:, None, None]
