"""Images with objects or masks from a user's files: fitted into squares with their boxes and segments, locked, verified."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import decode, formats, is_grey
from selfsup.datasets.content.keys import KEY_TYPE, content_hash, numbered
from selfsup.datasets.content.objects import VOID, ragged
from selfsup.datasets.lock import check_lock, checked_count, make_lock
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError, listed


class Box(NamedTuple):
    """An object: x0 y0 x1 y1 in pixels of its image, x1 and y1 exclusive; its class; whether it is too difficult to count."""

    corners: tuple[float, float, float, float]
    label: int
    difficult: bool


@dataclass(frozen=True)
class Annotated:
    """An image file with its objects, none where it is not about boxes, and its mask file, whose pixels are classes."""

    image: Path
    boxes: Sequence[Box] = ()
    mask: Path | None = None


@dataclass(frozen=True)
class Annotations:
    """A user's data set: its folder, the classes of its objects, those of its pixels, and its images by split.

    Pixels of a mask whose value is not the index of a class must be ``void``.
    """

    root: Path
    splits: Mapping[str, Sequence[Annotated]]
    classes: list[str]
    segment_classes: list[str]
    void: int = VOID


@dataclass(frozen=True)
class _Row:
    key: str
    annotation: str
    example: Annotated
    grey: bool
    size: tuple[int, int]


def annotations_lock(annotations: Annotations) -> dict[str, Any]:
    """Return the lock of images with annotations; see lock.py for its keys. An example's label is the hash of its annotation."""
    return _lock(annotations, {split: _rows(examples) for split, examples in annotations.splits.items()})


def write_annotated(
    folder: Path,
    annotations: Annotations,
    lock: dict[str, Any],
    counts: Mapping[str, int | None],
    *,
    size_px: int,
    dataset: str,
) -> None:
    """Write ``<split>.h5``: image, key, the objects where there are classes of objects, segments where there are of pixels.

    The longer side of an image is scaled to ``size_px``; what is left of the square, on the right or below, is black and VOID.
    The examples are the first ``counts[split]`` (None: all) in the order of their hashes. Raises InputError where files are
    damaged or not those of the lock.
    """
    rows = {split: _rows(examples) for split, examples in annotations.splits.items()}
    check_lock(annotations.root, _lock(annotations, rows), lock)
    for split, ordered in rows.items():
        chosen = ordered[: checked_count(split, counts[split], len(ordered), annotations.root)]
        examples = [row.example for row in chosen]
        arrays = {"key": np.array([row.key for row in chosen], KEY_TYPE)}
        arrays["image"] = np.stack([fit_square(decode(example.image), size_px) for example in examples])
        if annotations.classes:
            scales = [size_px / max(row.size) for row in chosen]
            arrays |= ragged([_scaled(row.example.boxes, scale) for row, scale in zip(chosen, scales, strict=True)])
        if annotations.segment_classes:
            arrays["segments"] = np.stack([fit_mask(example, size_px, annotations) for example in examples])
        write_split(
            folder / f"{split}.h5",
            arrays,
            dataset=dataset,
            classes=annotations.classes,
            size_px=size_px,
            segment_classes=annotations.segment_classes,
        )


def fit_square(image: Image.Image, size_px: int) -> np.ndarray:
    """Return an image uint8 (3, H, W) whose longer side is ``size_px``, at the top left of a black square."""
    scaled = image.resize(_scaled_size(image.size, size_px), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (size_px, size_px))
    square.paste(scaled)
    return np.asarray(square).transpose(2, 0, 1)


def fit_mask(example: Annotated, size_px: int, annotations: Annotations) -> np.ndarray:
    """Return the mask of an image as segments uint8 (H, W), scaled as ``fit_square`` does by nearest neighbours.

    Raises InputError where its size is not the image's, or a pixel is neither a class nor void.
    """
    values = read_mask(example)
    known = len(annotations.segment_classes)
    if strange := sorted({*np.unique(values).tolist()} - {*range(known), annotations.void, VOID}):
        raise InputError(
            f"{example.mask} has pixels of value {strange[0]}, but the classes are 0 to {known - 1} and void is "
            f"{annotations.void}; correct the keys segment_classes or void, or the mask"
        )
    segments = np.where(values < known, values, VOID).astype(np.uint8)
    height, width = segments.shape
    scaled = Image.fromarray(segments).resize(_scaled_size((width, height), size_px), Image.Resampling.NEAREST)
    square = Image.new("L", (size_px, size_px), VOID)
    square.paste(scaled)
    return np.asarray(square)


def read_mask(example: Annotated) -> np.ndarray:
    """Return the values uint8 (H, W) of a mask file: indices, of a palette or grey. InputError where it is damaged, in colour,
    or of another size than its image."""
    assert example.mask is not None
    try:
        with Image.open(example.mask, formats=formats()) as opened:
            opened.load()
            mode, values = opened.mode, np.asarray(opened)
        with Image.open(example.image, formats=formats()) as opened:
            width, height = opened.size
    except Exception as error:  # Pillow's decoders raise many kinds of errors
        raise InputError(f"{example.mask} cannot be decoded as a mask; replace or remove it") from error
    if mode not in ("P", "L"):
        raise InputError(
            f"{example.mask} is an image of mode {mode}, not of classes; save it with 8 bits, a class a pixel"
        )
    if values.shape != (height, width):
        raise InputError(
            f"{example.mask} is {values.shape[1]}x{values.shape[0]} pixels, but {example.image.name} is "
            f"{width}x{height}; save both in one size"
        )
    return values


def _scaled_size(size: tuple[int, int], size_px: int) -> tuple[int, int]:
    width, height = (max(1, round(side * size_px / max(size))) for side in size)
    return width, height


def _scaled(boxes: Sequence[Box], scale: float) -> list[tuple[list[float], int, bool]]:
    return [([side * scale for side in box.corners], box.label, box.difficult) for box in boxes]


def _rows(examples: Sequence[Annotated]) -> list[_Row]:
    """Return the examples in the order of their hashes, each with its key and the hash of its annotation."""
    rows, damaged = [], []
    for example in examples:
        try:
            image = decode(example.image)
            mask = b"" if example.mask is None else read_mask(example).tobytes()
        except InputError as error:
            damaged.append(str(error))
            continue
        _check_boxes(example, image.size, damaged)
        annotation = hashlib.sha256(repr([tuple(box) for box in example.boxes]).encode() + mask).hexdigest()
        key = content_hash(image.tobytes(), *image.size)
        rows.append(_Row(key, annotation, example, is_grey(image), image.size))
    if damaged:
        raise InputError(listed(damaged))
    rows.sort(key=lambda row: (row.key, row.annotation))
    keys = numbered(row.key for row in rows)
    return [_Row(key, row.annotation, row.example, row.grey, row.size) for key, row in zip(keys, rows, strict=True)]


def _check_boxes(example: Annotated, size: tuple[int, int], damaged: list[str]) -> None:
    width, height = size
    for x0, y0, x1, y1 in (box.corners for box in example.boxes):
        if not (x0 < x1 and y0 < y1):
            damaged.append(f"{example.image} has an empty box {x0:g} {y0:g} {x1:g} {y1:g}; correct or remove it")
        elif x0 < 0 or y0 < 0 or x1 > width or y1 > height:
            damaged.append(
                f"{example.image}, {width}x{height} pixels, has a box {x0:g} {y0:g} {x1:g} {y1:g} that leaves it; "
                "correct it"
            )


def _lock(annotations: Annotations, rows: Mapping[str, list[_Row]]) -> dict[str, Any]:
    of_all = [row for split in rows.values() for row in split]
    return make_lock(
        {split: ([row.key for row in ordered], [row.annotation for row in ordered]) for split, ordered in rows.items()},
        classes=annotations.classes,
        grey=all(row.grey for row in of_all),
    )
