"""Procedural scenes: an object of ten classes on a textured background, with masks, depth, boxes and keypoints.

The built-in data set: nothing to download, made in seconds, with ground truth for every evaluation. The factors do not
depend on image size or number, so the same scenes exist at every size, and a smaller set is the beginning of a larger one.
"""

from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.keys import KEY_TYPE, content_hash, numbered
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.factors import sample_scenes
from selfsup.datasets.procedural.geometry import bounding_boxes
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.one_thread import one_thread
from selfsup.datasets.procedural.rendering import render
from selfsup.errors import InputError

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
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, label, key, mask, depth, box, keypoint, factors.

    ``mask`` is 1 at the object's visible pixels, ``box`` is their bounding box, ``depth`` runs from 0 (camera) to 1;
    ``keypoint`` is the centre of each part in painting order (for a cup's handle, of its hole), NaN where the part is
    missing, outside the image or behind a distractor. Pixel coordinates are continuous: column c covers [c, c + 1].
    ``factors/material`` and ``factors/background`` index MATERIALS and BACKGROUNDS of procedural/factors.py.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of what is generated.
    """
    if size_px < SMALLEST_PX:
        raise InputError(f"size_px is {size_px}, too small for the objects of scenes; set it to {SMALLEST_PX} or more")
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, size_px=size_px, seed=seed)
        write_split(folder / f"{split}.h5", arrays, dataset="scenes", classes=CLASSES, size_px=size_px)


def generate(split: str, examples: int, *, size_px: int, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of one split, in order of generation; each chunk of CHUNK scenes has every class equally often."""
    chunks = [chunk([seed, STREAMS[split], start], size_px) for start in range(0, examples, CHUNK)]
    arrays = {name: np.concatenate([part[name] for part in chunks])[:examples] for name in chunks[0]}
    hashes = [content_hash(image.tobytes(), size_px, size_px) for image in arrays["image"].transpose(0, 2, 3, 1)]
    return arrays | {"key": np.array(numbered(hashes), KEY_TYPE)}


def chunk(stream: list[int], size_px: int) -> dict[str, np.ndarray]:
    """Return the arrays of CHUNK scenes with every class equally often, drawn from one random stream."""
    rng = np.random.default_rng(stream)
    with one_thread(), torch.inference_mode():
        scenes = sample_scenes(rng, CHUNK)
        rendered = render(scenes, size_px, rng)
    factors = {f"factors/{name}": values for name, values in scenes.recorded().items()}
    return factors | {
        "image": rendered.image.numpy(),
        "label": scenes.label.numpy(),
        "mask": rendered.mask.numpy().astype(np.uint8),
        "depth": rendered.depth.numpy(),
        "box": bounding_boxes(rendered.mask).numpy(),
        "keypoint": rendered.keypoint.numpy(),
    }
