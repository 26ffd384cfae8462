"""A user's images, adopted once: read, ordered by content, locked, and verified against the lock ever after."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from selfsup.datasets.content.captions import caption_array
from selfsup.datasets.content.decoding import cover_square, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, captions_hash, content_hash, digest, numbered
from selfsup.datasets.content.locked import check_locked
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

UNLABELLED = -1


class Example(NamedTuple):
    """One decoded RGB image, its class (or UNLABELLED, or the row of its captions), and what to call it in an error."""

    image: Image.Image
    label: int
    name: str


@dataclass(frozen=True)
class Source:
    """A user's data set: its folder, class names (none: unlabelled), and each split's examples, read once.

    Where ``captions`` are not empty, an example's label is the row of its own in them.
    """

    root: Path
    classes: list[str]
    splits: dict[str, Iterable[Example]]
    captions: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Examples:
    """One split ordered by content: keys, labels, the sizes met, whether all are grey.

    ``images`` uint8 (N, 3, H, W), (0,) where not kept.
    """

    keys: list[str]
    labels: list[int]
    sizes: set[tuple[int, int]]
    grey: bool
    images: np.ndarray

    def part(self, start: int, stop: int | None) -> "Examples":
        """Return the examples from ``start`` up to ``stop``."""
        kept = slice(start, stop)
        return Examples(self.keys[kept], self.labels[kept], self.sizes, self.grey, self.images[kept])


def read_examples(source: Iterable[Example], size_px: int | None) -> Examples:
    """Return examples ordered by the hash of their pixels, with their images as squares where a size is given."""
    rows, sizes, grey, images = [], set(), True, []
    for position, example in enumerate(source):
        sizes.add(example.image.size)
        grey = grey and is_grey(example.image)
        rows.append((content_hash(example.image.tobytes(), *example.image.size), example.label, position))
        if size_px is not None:
            images.append(cover_square(example.image, size_px, example.name))
    rows.sort()
    kept = np.stack([images[position] for *_, position in rows]) if images else np.empty(0, np.uint8)
    return Examples(numbered(row[0] for row in rows), [row[1] for row in rows], sizes, grey, kept)


def lock_of(source: Source) -> dict[str, Any]:
    """Return the lock of a source; see lock.py for its shape."""
    read = {split: read_examples(examples, None) for split, examples in source.splits.items()}
    sizes = {size for examples in read.values() for size in examples.sizes}
    width, height = next(iter(sizes))
    return _facts(source, read) | {"size_px": width if len(sizes) == 1 and width == height else None}


def verified(source: Source, lock: dict[str, Any], size_px: int) -> dict[str, Examples]:
    """Return a source's splits with their images; InputError where they are not those that were locked."""
    read = {split: read_examples(examples, size_px) for split, examples in source.splits.items()}
    check_locked(source.root, _facts(source, read), lock)
    return read


def write_splits(
    folder: Path,
    found: dict[str, Examples],
    wanted: dict[str, int | None],
    *,
    dataset: str,
    root: Path,
    classes: list[str],
    size_px: int,
    captions: list[list[str]] | None = None,
) -> None:
    """Write ``<split>.h5`` with the first ``wanted[split]`` examples of each split, all where it is None.

    With ``captions``, an example's label is the row of its own, and is not written.
    """
    for split, examples in found.items():
        count = wanted[split]
        if count is not None and count > len(examples.keys):
            raise InputError(
                f"{split}_examples asks for {count} examples of {root}, which has {len(examples.keys)}: lower it."
            )
        chosen = examples.part(0, count)
        arrays = {"image": chosen.images, "key": np.array(chosen.keys, KEY_TYPE)}
        if classes:
            arrays["label"] = np.array(chosen.labels, np.int64)
        if captions is not None:
            arrays["caption"] = caption_array([captions[row] for row in chosen.labels])
        write_split(folder / f"{split}.h5", arrays, dataset=dataset, classes=classes, size_px=size_px)


def _facts(source: Source, read: dict[str, Examples]) -> dict[str, Any]:
    splits = {
        split: {"examples": len(examples.keys), "digest": digest(examples.keys, _said(source, examples))}
        for split, examples in read.items()
    }
    grey = all(examples.grey for examples in read.values())
    return {"splits": splits, "classes": source.classes, "labelled": bool(source.classes), "grey": grey}


def _said(source: Source, examples: Examples) -> list[int] | list[str]:
    """Return what the source says of each example: its class, or the hash of its captions."""
    return [captions_hash(source.captions[row]) for row in examples.labels] if source.captions else examples.labels
