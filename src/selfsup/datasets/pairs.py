"""Images with captions, from a CSV of file and caption with one row per caption, split or not."""

import csv
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.captions import checked_caption
from selfsup.datasets.content.sources import Source, captioned_source, lock_of, select, write_examples
from selfsup.datasets.content.walk import inside
from selfsup.errors import InputError

PROVIDES = ("image", "image_text")
COLUMNS = ["file", "caption"]


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the pairs under ``root``; ``splits`` has train and test, or ``all`` where they are not split."""
    return lock_of(_source(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
    test_fraction: float = 0.2,
    phrasings: PositiveInt | None = 5,
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, key, caption, in the order of the images' hashes.

    ``root`` contains train.csv and test.csv, or pairs.csv, of which ``test_fraction`` is held out. A file named in several
    rows has several captions. Raises InputError where a row is broken, a caption is empty, an image is missing, or the
    pairs are not those of the lock.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
        test_fraction: share of the examples that becomes the test set, where there is none.
        phrasings: captions of each image, the first ones, by default five: all images are stored with as many as the most have.
    """
    source = _source(root)
    counts = {"train": train_examples, "test": test_examples}
    splits = select(source, lock, counts, size_px=size_px, test_fraction=test_fraction)
    write_examples(folder, source, splits, dataset="pairs", size_px=size_px, phrasings=phrasings)


def _source(root: Path) -> Source:
    tables = {split: root / f"{split}.csv" for split in ("train", "test")}
    present = [file for file in tables.values() if file.is_file()]
    if len(present) == 1:
        missing = next(file for file in tables.values() if file not in present)
        raise InputError(
            f"{missing} is missing beside {present[0].name}; add it, or rename {present[0].name} to pairs.csv"
        )
    if not present:
        tables = {"all": root / "pairs.csv"}
    return captioned_source(root, {split: _captions(table, root) for split, table in tables.items()})


def _captions(table: Path, root: Path) -> dict[Path, list[str]]:
    """Return {image file: its captions in the order of their rows}."""
    captions: dict[Path, list[str]] = {}
    for line, row in _rows(table):
        if len(row) != len(COLUMNS):
            raise InputError(f"{table} line {line} has {len(row)} columns, not 2; put captions with commas into quotes")
        file = inside(root, row[0], f"{table} line {line}")
        caption = checked_caption(row[1], f"{table} line {line}")
        if not file.is_file():
            raise InputError(
                f"{table} line {line} names {row[0]}, which is no file in {root}; add it, or remove the row"
            )
        captions.setdefault(file, []).append(caption)
    if not captions:
        raise InputError(f"{table} has no pairs; write one row, file and caption, for each caption")
    return captions


def _rows(table: Path) -> list[tuple[int, list[str]]]:
    """Return the rows below the heading, each with the number of its last line; empty lines are skipped."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError:
        raise InputError(f"{table} does not exist; write the columns file,caption there, one row per caption") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{table} is not a CSV file in UTF-8 ({error}); save it again") from None
    if not rows or rows[0][1] != COLUMNS:
        raise InputError(f"{table} line 1 must be file,caption; add that heading")
    return rows[1:]
