"""Procedural pairs of images with exact correspondences between two views of the same objects.

Half of the pairs show one object twice, with another pose, scale, light, background and occlusion; a quarter show two
objects of one class, one in each image; a quarter show two objects of different classes, both in each image.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.keys import KEY_TYPE, content_hash, numbered
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.one_thread import one_thread
from selfsup.datasets.procedural.pair_factors import sample_pairs
from selfsup.datasets.procedural.pairs import render_pairs
from selfsup.errors import InputError

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
    procedural/pair_factors.py; ``label`` and the keypoints are those of object 1, in ``second`` those of object 2 where
    object 2 takes its place. Pixel coordinates are continuous: column c covers [c, c + 1].

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of what is generated.
    """
    if size_px < SMALLEST_PX:
        raise InputError(
            f"size_px is {size_px}, too small for two objects side by side; set it to {SMALLEST_PX} or more"
        )
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, size_px=size_px, seed=seed)
        write_split(folder / f"{split}.h5", arrays, dataset="scene_pairs", classes=CLASSES, size_px=size_px)


def generate(split: str, examples: int, *, size_px: int, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of one split; a smaller set is the beginning of a larger one."""
    with one_thread(), torch.inference_mode():
        chunks = [_chunk([seed, STREAMS[split], start], size_px) for start in range(0, examples, CHUNK)]
    arrays = {name: np.concatenate([chunk[name] for chunk in chunks])[:examples] for name in chunks[0]}
    both = np.concatenate([arrays["first"], arrays["second"]], 2).transpose(0, 2, 3, 1)
    hashes = [content_hash(pixels.tobytes(), size_px, 2 * size_px) for pixels in both]
    return arrays | {"key": np.array(numbered(hashes), KEY_TYPE)}


def _chunk(stream: list[int], size_px: int) -> dict[str, np.ndarray]:
    pairs = sample_pairs(np.random.default_rng(stream), CHUNK)
    rendered = asdict(render_pairs(pairs, size_px, stream))
    truth = {"kind": pairs.kind.to(torch.uint8), "label": pairs.label}
    return {name: values.numpy() for name, values in (rendered | truth).items()}
