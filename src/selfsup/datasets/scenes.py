"""Procedural scenes: an object of ten classes on a textured background, with masks, depth, boxes and keypoints.

Generated in seconds, with ground truth for every evaluation. The factors depend neither on image size nor on the number of
images, so the same scenes exist at every size, and a smaller set is the beginning of a larger one.
"""

from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.keys import image_keys
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.factors import sample_scenes
from selfsup.datasets.procedural.generation import joined, one_thread, require_at_least
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.rendering import render

PROVIDES = ("image", "labelled_image", "image_depth")
STREAMS = {"train": 0, "test": 1}
CHUNK = 100  # scenes per random stream; they fit in the processor's cache
SMALLEST_PX = 16


def prepare(
    folder: Path,
    *,
    size_px: PositiveInt = 32,
    train_examples: PositiveInt = 10000,
    test_examples: PositiveInt = 2000,
    seed: NonNegativeInt = 0,
    turned: bool = False,
    typical_surfaces: bool = False,
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, label, key, mask, depth, box, keypoint, factors.

    ``mask`` is 1 at the object's visible pixels, ``box`` is their bounding box, ``depth`` runs from 0 (camera) to 1;
    ``keypoint`` is the centre of each part in painting order (for a cup's handle, of its hole), NaN where the part is
    missing, outside the image or behind a distractor. Pixel coordinates are continuous: column c covers [c, c + 1].
    ``factors/material`` and ``factors/background`` index MATERIALS and BACKGROUNDS of procedural/; factors of integers are
    categories. Variants are the same scenes in all that their key does not change.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of the generated data.
        turned: objects stand at any angle, not upright, so that no rotation is told from another by the object.
        typical_surfaces: objects of a class tend to one hue and one material, as in photographs.
    """
    check_size(size_px)
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, size_px=size_px, seed=seed, turned=turned, typical_surfaces=typical_surfaces)
        write_split(folder / f"{split}.h5", arrays, dataset="scenes", classes=CLASSES, size_px=size_px)


def check_size(size_px: int) -> None:
    """Raise InputError where images are too small for the objects."""
    require_at_least("size_px", size_px, SMALLEST_PX, "too small for the objects of scenes")


def generate(
    split: str, examples: int, *, size_px: int, seed: int, turned: bool = False, typical_surfaces: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays of one split, in order of generation; each chunk of CHUNK scenes has every class equally often."""
    streams = [[seed, STREAMS[split], start] for start in range(0, examples, CHUNK)]
    chunks = [chunk(stream, size_px, turned=turned, typical_surfaces=typical_surfaces) for stream in streams]
    arrays = joined(chunks, examples)
    return arrays | {"key": image_keys(arrays["image"])}


def chunk(
    stream: list[int], size_px: int, *, turned: bool = False, typical_surfaces: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays of CHUNK scenes with every class equally often, drawn from one random stream."""
    rng = np.random.default_rng(stream)
    with one_thread(), torch.inference_mode():
        scenes = sample_scenes(rng, CHUNK, turned=turned, typical_surfaces=typical_surfaces)
        arrays = render(scenes, size_px, rng) | {"label": scenes.label}
    factors = {f"factors/{name}": values for name, values in scenes.recorded().items()}
    return factors | {name: values.numpy() for name, values in arrays.items()}
