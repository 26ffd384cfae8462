"""Rendering of N scenes to images, masks, depth and keypoints: layers painted from back to front."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.datasets.procedural import geometry
from selfsup.datasets.procedural.factors import DISTRACTORS, Background, Distractors, Scenes
from selfsup.datasets.procedural.fields import fractal_field
from selfsup.datasets.procedural.objects import HOLE, PARTS, TRIM, missing_parts
from selfsup.datasets.procedural.surfaces import MATERIALS, Surface

# Depth runs from 0 (the camera) to 1 (the deepest background): front distractors have 0.10-0.20, objects 0.22-0.65
# (inverse to their apparent scale), distractors behind 0.65-0.75, the background 0.80-1.00.
_NEAREST_OBJECT, _RELIEF = 0.4, 0.17
_FRONT, _BEHIND, _DISTRACTOR_SLOPE = 0.25, 0.8, 0.6
_GROUND_RELIEF = 0.2


@dataclass(frozen=True)
class Layer:
    """colour (N, 3, H or 1, W or 1), coverage (N, H, W), depth (N, H or 1, W or 1)."""

    colour: Tensor
    coverage: Tensor
    depth: Tensor

    def over(self, image: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
        """Return image and depth with this layer painted over them; depth is not blended."""
        image = torch.lerp(image, self.colour.expand_as(image), self.coverage[:, None])
        return image, torch.where(self.coverage > 0.5, self.depth, depth)


@dataclass(frozen=True)
class Painting:
    """image (N, 3, H, W), depth (N, H, W); ``visible``: each object's coverage (N, H, W); ``clear`` (N, H, W): the share of
    each pixel that no distractor in front covers."""

    image: Tensor
    depth: Tensor
    visible: list[Tensor]
    clear: Tensor


def render(scenes: Scenes, size_px: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Return the images and their ground truth; ``rng`` draws textures and camera noise.

    ``image`` uint8 (N, 3, H, W), ``mask`` uint8 (N, H, W) of the object's visible pixels, its ``box`` float32 (N, 4), ``depth``
    float32 (N, H, W) in [0, 1], ``keypoint`` float32 (N, PARTS, 2) x y pixels from the image's top left corner.
    """
    background = render_background(scenes.background, size_px, rng)
    painted = paint(background, [object_layer(scenes, size_px, rng)], scenes.distractors)
    mask = painted.visible[0] > 0.5
    return {
        "image": light_and_noise(painted.image, scenes, rng),
        "mask": mask.byte(),
        "box": geometry.bounding_boxes(mask),
        "depth": painted.depth,
        "keypoint": keypoints(scenes, painted.clear),
    }


def paint(background: tuple[Tensor, Tensor], objects: list[Layer], distractors: Distractors) -> Painting:
    """Return the background (colour, depth) with all layers painted over it, distractors behind and in front of objects."""
    image, depth = background
    for layer in _distractor_layers(distractors, ~distractors.front, _BEHIND, image.shape[-1]):
        image, depth = layer.over(image, depth)
    visible: list[Tensor] = []
    for layer in objects:
        image, depth = layer.over(image, depth)
        visible = [*(covered * (1 - layer.coverage) for covered in visible), layer.coverage]
    clear = torch.ones_like(depth)
    for layer in _distractor_layers(distractors, distractors.front, _FRONT, image.shape[-1]):
        image, depth = layer.over(image, depth)
        clear = clear * (1 - layer.coverage)
    return Painting(image, depth, [covered * clear for covered in visible], clear)


def render_background(background: Background, size_px: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return colour (N, 3, H, W) and depth (N, H, W) of the background: a relief with light ridges."""
    beta, anisotropy, angle_rad = background.beta, background.anisotropy, background.angle_rad
    field = fractal_field(rng, size_px, beta=beta, anisotropy=anisotropy, angle_rad=angle_rad)
    height = torch.sigmoid(0.9 * field)
    dark, light = (colour[:, :, None, None] for colour in (background.dark_colour, background.light_colour))
    return torch.lerp(dark, light, height[:, None]), 1 - _GROUND_RELIEF * height


def object_layer(scenes: Scenes, size_px: int, rng: np.random.Generator) -> Layer:
    """Return the object: its parts painted in order, each bulging towards the camera."""
    u, v = geometry.to_object(*geometry.pixel_centres(size_px), scenes.pose)
    unit_px = scenes.pose.scale[:, None, None] * size_px / 2
    surface, trim = _paint(scenes.surface, u, v, rng)
    colour, covered, bulge = surface, torch.zeros_like(u), torch.zeros_like(u)
    for index in range(PARTS):
        shape = geometry.part(scenes.primitives, index)
        level = geometry.level(shape, u, v)
        part_coverage = geometry.coverage(shape, u, v, level, unit_px)
        hole = shape.role == HOLE
        painted = part_coverage * ~hole
        paint = torch.where((shape.role == TRIM)[:, None], trim, surface)
        colour = torch.lerp(colour, paint, painted[:, None])
        covered = torch.maximum(covered, painted) * (1 - part_coverage * hole)
        roundness = (1 - level * level).clamp_min(0).sqrt()
        thickness = torch.minimum(shape.half_width, shape.half_height)
        bulge = torch.where(painted > 0.5, roundness * thickness, bulge)
    depth = _NEAREST_OBJECT / scenes.pose.scale[:, None, None] - _RELIEF * bulge
    return Layer(colour, covered, depth)


def _paint(surface: Surface, u: Tensor, v: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return the colours (N, 3, H, W) of surface and trim; patterns are in object coordinates and move with the object."""
    pattern, mottle = _pattern(surface, u, v, rng)
    mixed = torch.sigmoid(2 * pattern)[:, None]
    dark, light = surface.dark_colour[:, :, None, None], surface.light_colour[:, :, None, None]
    return torch.lerp(dark, light, mixed), surface.trim_colour[:, :, None, None] * (1 + 0.12 * mottle[:, None])


def _pattern(surface: Surface, u: Tensor, v: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return the material's pattern and the mottle under it, each (N, H, W)."""
    n = len(surface.material)
    ones = torch.ones(n)
    cloud = fractal_field(rng, 32, beta=1.5 * ones, anisotropy=ones, angle_rad=0 * ones)
    grid = 0.7 * torch.stack([u, v], -1)
    mottle = F.grid_sample(cloud[:, None], grid, align_corners=False, padding_mode="reflection")[:, 0]
    angle, frequency = surface.angle_rad[:, None, None], surface.frequency[:, None, None]
    phase = surface.phase[:, :, None, None]
    first = (frequency * (angle.cos() * u + angle.sin() * v) + phase[:, 0]).sin()
    second = (frequency * (angle.cos() * v - angle.sin() * u) + phase[:, 1]).sin()
    patterns = {
        "plain": 1.5 + 0.15 * mottle,
        "striped": 2 * first,
        "checked": 1.2 * torch.sign(first * second),
        "dotted": 2.2 * (first + second - 0.6),
        "mottled": 1.6 * mottle,
    }
    return torch.stack([patterns[name] for name in MATERIALS])[surface.material, torch.arange(n)], mottle


def _distractor_layers(distractors: Distractors, included: Tensor, base_depth: float, size_px: int) -> list[Layer]:
    """Return one layer for each distractor, empty in scenes where it is not ``included`` (N, DISTRACTORS)."""
    x, y = geometry.pixel_centres(size_px)
    layers = []
    for index in range(DISTRACTORS):
        covered = geometry.distractor_coverage(distractors, index, x, y, size_px) * included[:, index, None, None]
        depth = base_depth - _DISTRACTOR_SLOPE * distractors.half_size[:, index].mean(1)
        layers.append(Layer(distractors.colour[:, index, :, None, None], covered, depth[:, None, None]))
    return layers


def light_and_noise(image: Tensor, scenes: Scenes, rng: np.random.Generator) -> Tensor:
    """Return the image with directional light and camera noise, uint8."""
    x, y = geometry.pixel_centres(image.shape[-1])
    angle, strength = scenes.light_angle_rad[:, None, None], scenes.light_strength[:, None, None]
    light = 1 + strength * (angle.cos() * x + angle.sin() * y)
    noise = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32))
    image = image * light[:, None] + scenes.noise[:, None, None, None] * noise
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)


def keypoints(scenes: Scenes, clear: Tensor) -> Tensor:
    """Return the parts' centres in pixels, NaN for a part that is missing, outside the image, or not ``clear`` (N, H, W)."""
    size_px = clear.shape[-1]
    centres = torch.stack(geometry.part_centres(scenes.primitives, scenes.pose), 2)
    points = (centres + 1) / 2 * size_px
    outside = ((points < 0) | (points >= size_px)).any(2)
    column, row = points.long().clamp(0, size_px - 1).unbind(2)
    covered = clear[torch.arange(len(clear))[:, None], row, column] <= 0.5
    missing = torch.from_numpy(missing_parts())[scenes.label]
    return points.masked_fill((missing | outside | covered)[:, :, None], torch.nan)
