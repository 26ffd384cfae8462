"""A user's images: decoded, ordered by content, locked once, and verified against that lock whenever they are read."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import cover_square, decode, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, captions_hash, content_hash, numbered
from selfsup.datasets.lock import check_lock, checked_count, copies_of, held_out, make_lock
from selfsup.datasets.prepared import caption_array, write_split
from selfsup.errors import InputError, listed

UNLABELLED = -1
CHUNK = 256  # images by which memory grows at least


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

    ``images`` is uint8 (N, 3, H, W), or without rows where only the lock was needed.
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

    def arrays(self, source: Source) -> dict[str, np.ndarray]:
        """Return the arrays ``key`` and, where the source has classes, ``label``."""
        keys = {"key": np.array(self.keys, KEY_TYPE)}
        return keys | {"label": np.array(self.labels, np.int64)} if source.classes else keys


def decoded(files: Iterable[tuple[Path, int]]) -> Iterator[Example]:
    """Yield the examples of image files and their labels; after the last one InputError names all damaged files."""
    damaged = []
    for path, label in files:
        try:
            example = Example(decode(path), label, str(path))
        except InputError as error:
            damaged.append(str(error))
        else:
            yield example
    if damaged:
        raise InputError(listed(damaged))


def captioned_source(root: Path, splits: Mapping[str, Mapping[Path, list[str]]]) -> Source:
    """Return the source of {split: {image file: its captions}}; equal images are ordered by their captions."""
    captions: list[list[str]] = []
    examples: dict[str, Iterable[Example]] = {}
    for split, by_file in splits.items():
        files = sorted(by_file, key=lambda file: by_file[file])
        examples[split] = decoded(zip(files, itertools.count(len(captions)), strict=False))
        captions += [by_file[file] for file in files]
    return Source(root, [], examples, captions)


def lock_of(source: Source) -> dict[str, Any]:
    """Return the lock of a source; see lock.py for its keys."""
    return _lock(source, {split: read_examples(examples, None) for split, examples in source.splits.items()})


def select(
    source: Source,
    lock: dict[str, Any],
    counts: Mapping[str, int | None],
    *,
    size_px: int,
    test_fraction: float | None = None,
) -> dict[str, Examples]:
    """Return the first ``counts[split]`` examples (None: all) of train and test, in the order of their hashes.

    Images are squares of ``size_px``. A source that is not split needs ``test_fraction``: see ``hold_out``. Raises
    InputError where the examples are not those of the lock, too few, or cannot be split.
    """
    if test_fraction is not None and not 0 < test_fraction < 1:
        raise InputError(f"test_fraction is {test_fraction}; set it between 0 and 1")
    splits = {split: read_examples(examples, size_px) for split, examples in source.splits.items()}
    check_lock(source.root, _lock(source, splits), lock)
    if test_fraction is not None and "all" in splits:
        splits = hold_out(splits["all"], test_fraction, source.root)
    return {
        split: examples.part(0, checked_count(split, counts[split], len(examples.keys), source.root))
        for split, examples in splits.items()
    }


def hold_out(examples: Examples, test_fraction: float, root: Path) -> dict[str, Examples]:
    """Return the first examples as test and the rest as train, split where the hash changes: equal images stay together."""
    count = held_out(len(examples.keys), copies_of(examples.keys), test_fraction)
    if count is None:
        raise InputError(f"{root} has too few different images for a test set; add images")
    return {"train": examples.part(count, None), "test": examples.part(0, count)}


def write_examples(
    folder: Path,
    source: Source,
    splits: dict[str, Examples],
    *,
    dataset: str,
    size_px: int,
    phrasings: int | None = None,
) -> None:
    """Write ``<split>.h5`` with image, key, label where there are classes, and the first ``phrasings`` captions, if any."""
    for split, examples in splits.items():
        arrays = {"image": examples.images} | examples.arrays(source)
        if source.captions:
            arrays["caption"] = caption_array([source.captions[row][:phrasings] for row in examples.labels])
        write_split(folder / f"{split}.h5", arrays, dataset=dataset, classes=source.classes, size_px=size_px)


def read_examples(examples: Iterable[Example], size_px: int | None) -> Examples:
    """Return examples in the order of their hashes, with their images as squares of ``size_px``, or none where it is None."""
    rows, sizes, grey, images = [], set(), True, np.empty((0, 3, size_px or 0, size_px or 0), np.uint8)
    for position, example in enumerate(examples):
        sizes.add(example.image.size)
        grey = grey and is_grey(example.image)
        rows.append((content_hash(example.image.tobytes(), *example.image.size), example.label, position))
        if size_px is not None:
            if position == len(images):  # grown in place: a list and a stack of it would be two copies
                images.resize((position + position // 2 + CHUNK, *images.shape[1:]), refcheck=False)
            images[position] = cover_square(example.image, size_px, example.name)
    images.resize((len(rows) if size_px else 0, *images.shape[1:]), refcheck=False)
    rows.sort()
    if size_px is not None:
        reorder(images, [position for *_, position in rows])
    return Examples(numbered(row[0] for row in rows), [row[1] for row in rows], sizes, grey, images)


def reorder(array: np.ndarray, order: list[int]) -> None:
    """Put row ``order[n]`` of an array into row n, in place."""
    done = [False] * len(order)
    for start in range(len(order)):
        if done[start]:
            continue
        first, row = array[start].copy(), start
        while order[row] != start:
            array[row] = array[order[row]]
            done[row], row = True, order[row]
        array[row], done[row] = first, True


def _lock(source: Source, splits: dict[str, Examples]) -> dict[str, Any]:
    sides = {side for examples in splits.values() for size in examples.sizes for side in size}
    return make_lock(
        {split: (examples.keys, _locked_labels(source, examples)) for split, examples in splits.items()},
        classes=source.classes,
        grey=all(examples.grey for examples in splits.values()),
        size_px=sides.pop() if len(sides) == 1 else None,
    )


def _locked_labels(source: Source, examples: Examples) -> list[int] | list[str]:
    return [captions_hash(source.captions[row]) for row in examples.labels] if source.captions else examples.labels
