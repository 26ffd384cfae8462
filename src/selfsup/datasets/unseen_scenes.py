"""Procedural scenes of objects, materials and backgrounds that no other set shows, one or several objects an image.

What features learned on ``scenes`` are transferred to: classes of single objects; boxes, presence and segments of several.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor

from selfsup.datasets.content.keys import image_keys
from selfsup.datasets.content.objects import object_arrays
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.factors import Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.generation import joined, one_thread, real
from selfsup.datasets.procedural.geometry import bounding_boxes
from selfsup.datasets.procedural.rendering import Layer, light_and_noise, object_layer, paint
from selfsup.datasets.procedural.surfaces import rgb
from selfsup.datasets.procedural.unseen import (
    BACKGROUNDS,
    CLASSES,
    TRIM_HUES,
    material_shade,
    render_backgrounds,
    sample_primitives,
)
from selfsup.datasets.scenes import CHUNK, check_size

PROVIDES = ("image", "labelled_image")
STREAMS = {"train": 200, "test": 201}  # scenes.py uses 0 and 1
FEWEST_PIXELS = 12  # of an object that can be recognised
CLEAR_FRACTION = 0.4  # of its pixels, or more, are visible, else it is difficult


def prepare(
    folder: Path,
    *,
    size_px: PositiveInt = 32,
    train_examples: PositiveInt = 2000,
    test_examples: PositiveInt = 1000,
    most_objects: PositiveInt = 1,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, key, the objects of each image, and its segments (objects and
    backgrounds); for single objects label.

    With several, an image has one to ``most_objects``, each drawn regardless of the others; later ones are in front.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        most_objects: most objects of an image.
        seed: seed of the generated data.
    """
    check_size(size_px)
    for split, examples in (("train", train_examples), ("test", test_examples)):
        with one_thread(), torch.inference_mode():
            streams = [[seed, STREAMS[split], start] for start in range(0, examples, CHUNK)]
            arrays = joined([chunk(stream, size_px, most_objects) for stream in streams], examples)
        arrays |= {"key": image_keys(arrays["image"])}
        write_split(
            folder / f"{split}.h5",
            arrays,
            dataset="unseen_scenes",
            classes=CLASSES,
            size_px=size_px,
            segment_classes=[*BACKGROUNDS, *CLASSES],
        )


def chunk(stream: list[int], size_px: int, most_objects: int) -> dict[str, np.ndarray]:
    """Return the arrays of CHUNK scenes, drawn from one random stream."""
    rng = np.random.default_rng(stream)
    dark_object = rng.random(CHUNK) < 0.5
    count = rng.integers(1, most_objects + 1, CHUNK)
    objects = [_sample(rng, dark_object, several=most_objects > 1) for _ in range(most_objects)]
    present = [torch.from_numpy(number < count) for number in range(most_objects)]
    layers = [_layer(rng, scenes, size_px, here) for scenes, here in zip(objects, present, strict=True)]
    background, kind = render_backgrounds(rng, dark_object, size_px)
    painted = paint((background, torch.ones(CHUNK, size_px, size_px)), layers, objects[0].distractors)
    visible = torch.stack(painted.visible, 1) > 0.5  # (N, B, H, W)
    whole = torch.stack([layer.coverage for layer in layers], 1) > 0.5
    label = torch.stack([scenes.label for scenes in objects], 1)
    image = light_and_noise(painted.image, objects[0], rng)
    arrays = _objects(visible, whole, label, kind) | {"image": image.numpy()}
    return arrays | ({"label": label[:, 0].numpy()} if most_objects == 1 else {})


def _sample(rng: np.random.Generator, dark_object: np.ndarray, *, several: bool) -> Scenes:
    scenes = sample_scenes(rng, CHUNK, dark_object=dark_object)
    label = scenes.label.numpy()
    hue = TRIM_HUES[label] + 0.08 * rng.standard_normal(CHUNK)
    trim = rgb(hue, rng.uniform(0.2, 0.7, CHUNK), rng.uniform(0.2, 0.8, CHUNK))
    return replace(
        scenes,
        primitives=sample_primitives(rng, label),
        pose=_small(rng, scenes.pose) if several else scenes.pose,
        surface=replace(scenes.surface, material=torch.zeros(CHUNK, dtype=torch.int64), trim_colour=real(trim)),
    )


def _small(rng: np.random.Generator, pose: Pose) -> Pose:
    """Return the pose of one of several objects: smaller, anywhere in the image."""
    scale = rng.uniform(0.3, 0.55, CHUNK)
    return replace(pose, scale=real(scale), position=real((1 - 0.9 * scale)[:, None] * rng.uniform(-1, 1, (CHUNK, 2))))


def _layer(rng: np.random.Generator, scenes: Scenes, size_px: int, present: Tensor) -> Layer:
    layer = object_layer(scenes, size_px, rng)
    colour = layer.colour * material_shade(rng, scenes.pose, size_px)
    return Layer(colour, layer.coverage * present[:, None, None], layer.depth)


def _objects(visible: Tensor, whole: Tensor, label: Tensor, background: Tensor) -> dict[str, np.ndarray]:
    """Return the boxes of what is visible (N, B, H, W) bool of objects (N, B, H, W) of classes (N, B), and the segments: the
    kind of ``background`` (N,) around them."""
    pixels, of_whole = visible.sum((2, 3)), whole.sum((2, 3))
    there = pixels > 0
    difficult = there & ((pixels < FEWEST_PIXELS) | (pixels < CLEAR_FRACTION * of_whole))
    box = bounding_boxes(visible.flatten(0, 1)).unflatten(0, label.shape)
    segments = background[:, None, None].expand(-1, *visible.shape[2:])
    for number in range(label.shape[1]):
        segments = torch.where(visible[:, number], len(BACKGROUNDS) + label[:, number, None, None], segments)
    return object_arrays(box.numpy(), label.numpy(), there.numpy(), difficult.numpy()) | {
        "segments": segments.byte().numpy()
    }
