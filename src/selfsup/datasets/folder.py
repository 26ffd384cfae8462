"""Any folder of images: class folders, split or not, or images without labels."""

from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.class_folders import read_class_folders
from selfsup.datasets.content.sources import lock_of, select, write_examples

PROVIDES = ("image", "labelled_image")


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the images under ``root``; ``splits`` has train and test, or ``all`` where they are not split."""
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
    """Write ``train.h5`` and ``test.h5``: squares of ``size_px`` in the order of their hashes.

    Raises InputError where images are damaged, too few, or not those of the lock.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
        test_fraction: share of the examples that is held out for testing, where there are no folders train and test.
    """
    source = read_class_folders(root)
    counts = {"train": train_examples, "test": test_examples}
    splits = select(source, lock, counts, size_px=size_px, test_fraction=test_fraction)
    write_examples(folder, source, splits, dataset="folder", size_px=size_px)
