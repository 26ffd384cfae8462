"""A user's images: decoded, ordered by content, locked once, and verified against that lock whenever they are read."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from selfsup.datasets.content.captions import caption_array
from selfsup.datasets.content.decoding import cover_square, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, captions_hash, content_hash, digest, numbered
from selfsup.datasets.content.locked import check_locked, checked_count
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

UNLABELLED = -1


class Example(NamedTuple):
    """One decoded RGB image, its class (or UNLABELLED, or the row of its captions), and its name in error messages."""

    image: Image.Image
    label: int
    name: str


@dataclass(frozen=True)
class Source:
    """A user's data set: its folder, its class names (empty: unlabelled), and the examples of each split, read once.

    Where ``captions`` is not empty, an example's label is the row of its captions.
    """

    root: Path
    classes: list[str]
    splits: dict[str, Iterable[Example]]
    captions: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Examples:
    """One split in the order of its hashes: keys, labels, the image sizes that occur, whether all images are grey.

    ``images`` is uint8 (N, 3, H, W), or (0,) where only the lock was needed.
    """

    keys: list[str]
    labels: list[int]
    sizes: set[tuple[int, int]]
    grey: bool
    images: np.ndarray

    def part(self, start: int, stop: int | None) -> "Examples":
        """Return the examples from ``start`` up to ``stop``."""
        rows = slice(start, stop)
        return Examples(self.keys[rows], self.labels[rows], self.sizes, self.grey, self.images[rows])


def lock_of(source: Source) -> dict[str, Any]:
    """Return the lock of a source; see lock.py for its keys."""
    splits = {split: read_examples(examples, None) for split, examples in source.splits.items()}
    sizes = {size for examples in splits.values() for size in examples.sizes}
    width, height = next(iter(sizes))
    return _facts(source, splits) | {"size_px": width if len(sizes) == 1 and width == height else None}


def selected(
    source: Source,
    lock: dict[str, Any],
    size_px: int,
    counts: Mapping[str, int | None],
    test_fraction: float | None = None,
) -> dict[str, Examples]:
    """Return the first ``counts[split]`` examples (None: all) of train and test, in the order of their hashes.

    Images are squares of ``size_px``. A source that is not split needs ``test_fraction``: see ``hold_out``. Raises
    InputError where the examples are not those of the lock, too few, or cannot be split.
    """
    if test_fraction is not None and not 0 < test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction}; set it between 0 and 1")
    splits = {split: read_examples(examples, size_px) for split, examples in source.splits.items()}
    check_locked(source.root, _facts(source, splits), lock)
    if test_fraction is not None and "all" in splits:
        splits = hold_out(splits["all"], test_fraction, source.root)
    return {
        split: examples.part(0, checked_count(split, counts[split], len(examples.keys), source.root))
        for split, examples in splits.items()
    }


def hold_out(examples: Examples, test_fraction: float, root: Path) -> dict[str, Examples]:
    """Return the first examples as test and the rest as train, split where the hash changes: equal images stay together."""
    hashes = [key.split("-")[0] for key in examples.keys]
    borders = [index for index in range(1, len(hashes)) if hashes[index] != hashes[index - 1]]
    if not borders:
        raise InputError(f"{root} has too few different images for a test set; add images")
    wanted = len(hashes) - math.floor(len(hashes) * (1 - test_fraction))
    count = min(borders, key=lambda index: abs(index - wanted))
    return {"train": examples.part(count, None), "test": examples.part(0, count)}


def write_examples(
    folder: Path,
    splits: dict[str, Examples],
    *,
    dataset: str,
    classes: list[str],
    size_px: int,
    captions: list[list[str]] | None = None,
) -> None:
    """Write ``<split>.h5`` with image, key, label where there are classes, and caption where there are ``captions``."""
    for split, examples in splits.items():
        arrays = {"image": examples.images} | labelled_keys(examples, classes)
        if captions is not None:
            arrays["caption"] = caption_array([captions[row] for row in examples.labels])
        write_split(folder / f"{split}.h5", arrays, dataset=dataset, classes=classes, size_px=size_px)


def labelled_keys(examples: Examples, classes: list[str]) -> dict[str, np.ndarray]:
    """Return the arrays ``key`` and, where there are classes, ``label``."""
    keys = {"key": np.array(examples.keys, KEY_TYPE)}
    return keys | {"label": np.array(examples.labels, np.int64)} if classes else keys


def read_examples(examples: Iterable[Example], size_px: int | None) -> Examples:
    """Return examples in the order of their hashes, with their images as squares of ``size_px``, or without images."""
    rows, sizes, grey, images = [], set(), True, []
    for position, example in enumerate(examples):
        sizes.add(example.image.size)
        grey = grey and is_grey(example.image)
        rows.append((content_hash(example.image.tobytes(), *example.image.size), example.label, position))
        if size_px is not None:
            images.append(cover_square(example.image, size_px, example.name))
    rows.sort()
    ordered = np.stack([images[position] for *_, position in rows]) if images else np.empty(0, np.uint8)
    return Examples(numbered(row[0] for row in rows), [row[1] for row in rows], sizes, grey, ordered)


def _facts(source: Source, splits: dict[str, Examples]) -> dict[str, Any]:
    locked = {
        split: {"examples": len(examples.keys), "digest": digest(examples.keys, _labels(source, examples))}
        for split, examples in splits.items()
    }
    grey = all(examples.grey for examples in splits.values())
    return {"splits": locked, "classes": source.classes, "labelled": bool(source.classes), "grey": grey}


def _labels(source: Source, examples: Examples) -> list[int] | list[str]:
    """Return the label of each example: its class, or the hash of its captions."""
    return [captions_hash(source.captions[row]) for row in examples.labels] if source.captions else examples.labels
