"""Procedural pairs of images with exact correspondences between two views of the same objects.

Half of the pairs show one object twice, with another pose, scale, light, background and occlusion; a quarter show two
objects of one class, one in each image; a quarter show two objects of different classes, both in each image.
"""

from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.keys import image_keys
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.generation import joined, one_thread, require_at_least
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.pairs import render_pairs, sample_pairs

PROVIDES = ("image_pair",)
STREAMS = {"train": 2, "test": 3}  # scenes.py uses 0 and 1
CHUNK = 100  # pairs per random stream; they fit in the processor's cache
SMALLEST_PX = 32


def prepare(
    folder: Path,
    *,
    size_px: PositiveInt = 64,
    train_examples: PositiveInt = 2000,
    test_examples: PositiveInt = 400,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5`` and ``test.h5``: first, second, match, first_mask, second_mask, key, and for evaluations kind,
    label, first_keypoint and second_keypoint.

    ``match`` (N, H, W, 2) is x y in pixels of ``second`` for each pixel centre of ``first``, NaN where there is none;
    masks number the objects, the same number in both images for the same object. ``kind`` indexes KINDS of
    procedural/pairs.py; ``label`` and the keypoints are those of object 1, in ``second`` those of object 2 where
    object 2 takes its place. Pixel coordinates are continuous: column c covers [c, c + 1].

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of the generated data.
    """
    require_at_least("size_px", size_px, SMALLEST_PX, "too small for two objects side by side")
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, size_px=size_px, seed=seed)
        write_split(folder / f"{split}.h5", arrays, dataset="scene_pairs", classes=CLASSES, size_px=size_px)


def generate(split: str, examples: int, *, size_px: int, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of one split; a smaller set is the beginning of a larger one."""
    with one_thread(), torch.inference_mode():
        chunks = [_chunk([seed, STREAMS[split], start], size_px) for start in range(0, examples, CHUNK)]
    arrays = joined(chunks, examples)
    return arrays | {"key": image_keys(np.concatenate([arrays["first"], arrays["second"]], 2))}


def _chunk(stream: list[int], size_px: int) -> dict[str, np.ndarray]:
    pairs = sample_pairs(np.random.default_rng(stream), CHUNK)
    arrays = render_pairs(pairs, size_px, stream) | {"kind": pairs.kind.to(torch.uint8), "label": pairs.label}
    return {name: values.numpy() for name, values in arrays.items()}
