"""Any folder of images as pairs with known correspondences: each image and its copy under a random homography."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from selfsup.datasets.content.class_folders import read_class_folders
from selfsup.datasets.content.homographies import draw_homography, matches, photometric, warp
from selfsup.datasets.content.sources import Example, lock_of, select
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.generation import one_thread
from selfsup.errors import InputError

PROVIDES = ("image_pair",)


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the images under ``root``: that of the data set ``folder``."""
    return lock_of(read_class_folders(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
    test_fraction: PositiveFloat = 0.2,
    turn_deg: NonNegativeFloat = 45.0,
    scale_min: PositiveFloat = 0.7,
    corner_shift: NonNegativeFloat = 0.1,
    light: NonNegativeFloat = 0.2,
    noise: NonNegativeFloat = 0.03,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5`` and ``test.h5`` in the order of the images' hashes: first, second, match, both masks, key.

    ``second`` is ``first`` under a random homography and photometric change (content/homographies.py). The objects are
    unknown: masks are 1 inside the image and 0 outside. The random numbers of an image come from its own hash, so that
    they do not depend on the other images. Raises InputError where an image is damaged or smaller than ``size_px``, or
    where the images are too few or not those of the lock.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
        test_fraction: share of the examples that becomes the test set, where there is none.
        turn_deg: largest rotation of the second image.
        scale_min: smallest scale of the second image; the largest is its inverse.
        corner_shift: largest shift of a corner, as a share of the side.
        light: largest change of brightness and contrast.
        noise: standard deviation of the noise, of values in [0, 1].
        seed: seed of the homographies.
    """
    if corner_shift >= 0.25:
        raise InputError(f"corner_shift is {corner_shift:g}, so that corners may cross; set it below 0.25")
    if scale_min > 1:
        raise InputError(f"scale_min is {scale_min:g}, but scales run from it to its inverse; set it to 1 or less")
    source = read_class_folders(root)
    source = replace(source, splits={split: _checked(examples, size_px) for split, examples in source.splits.items()})
    counts = {"train": train_examples, "test": test_examples}
    splits = select(source, lock, counts, size_px=size_px, test_fraction=test_fraction)
    ranges = {"turn_deg": turn_deg, "scale": (scale_min, 1 / scale_min), "corner_shift": corner_shift}
    for split, examples in splits.items():
        with one_thread():
            pairs = [
                _pair(image, np.random.default_rng([seed, int(key[:16], 16)]), ranges, light, noise)
                for image, key in zip(examples.images, examples.keys, strict=True)
            ]
        arrays = {name: np.stack([pair[name] for pair in pairs]) for name in pairs[0]} | examples.arrays(source)
        write_split(folder / f"{split}.h5", arrays, dataset="folder_pairs", classes=source.classes, size_px=size_px)


def _pair(
    image: np.ndarray, rng: np.random.Generator, ranges: dict[str, Any], light: float, noise: float
) -> dict[str, np.ndarray]:
    """Return one pair of an image uint8 (3, H, W)."""
    size_px = image.shape[-1]
    homography = draw_homography(rng, **ranges)
    warped, inside = warp(image.astype(np.float32) / 255, homography)
    second = photometric(warped, rng, strength=light, noise=noise) * inside
    return {
        "first": image,
        "second": np.rint(second * 255).astype(np.uint8),
        "match": matches(homography, size_px),
        "first_mask": np.ones((size_px, size_px), np.uint8),
        "second_mask": inside.astype(np.uint8),
    }


def _checked(examples: Iterable[Example], size_px: int) -> Iterator[Example]:
    """Yield the examples; InputError for an image so small that it would be scaled up and have no detail to match."""
    for example in examples:
        width, height = example.image.size
        if min(width, height) < size_px:
            raise InputError(
                f"{example.name} has {width}x{height} pixels, fewer than size_px, {size_px}; remove it, or lower size_px"
            )
        yield example
