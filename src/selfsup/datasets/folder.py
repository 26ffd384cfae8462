"""Any folder of images: class folders, already split or not, or images without labels."""

import math
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.class_folders import read_class_folders
from selfsup.datasets.content.sources import Examples, lock_of, verified, write_splits
from selfsup.errors import InputError

PROVIDES = ("image", "labelled_image")


def adopt(root: Path) -> dict[str, Any]:
    """Return the lock of the images under ``root``; ``splits`` holds train and test, or ``all`` where not split."""
    return lock_of(read_class_folders(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
    test_fraction: float = 0.2,
) -> None:
    """Write ``train.h5`` and ``test.h5``: squares of ``size_px`` in the order of their content's hash.

    ``None`` examples are all of them, a number is the first so many. ``test_fraction`` splits what has no folders train
    and test. Raises InputError where images are damaged, too few, or not those that were locked.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples; by default all.
        test_examples: test examples; by default all.
        test_fraction: share of the examples that becomes the test set, where there is none.
    """
    if not 0 < test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction}: set it between 0 and 1.")
    source = read_class_folders(root)
    found = verified(source, lock, size_px)
    if "all" in found:
        found = hold_out(found["all"], test_fraction, root)
    wanted = {"train": train_examples, "test": test_examples}
    write_splits(folder, found, wanted, dataset="folder", root=root, classes=source.classes, size_px=size_px)


def hold_out(examples: Examples, test_fraction: float, root: Path) -> dict[str, Examples]:
    """Return the first examples in content order as test, the rest as train; equal images stay on one side."""
    hashes = [key.split("-")[0] for key in examples.keys]
    borders = [index for index in range(1, len(hashes)) if hashes[index] != hashes[index - 1]]
    if not borders:
        raise InputError(f"{root} has too few different images to hold out some for testing: add images.")
    wanted = len(hashes) - math.floor(len(hashes) * (1 - test_fraction))
    count = min(borders, key=lambda index: abs(index - wanted))
    return {"train": examples.part(count, None), "test": examples.part(0, count)}
