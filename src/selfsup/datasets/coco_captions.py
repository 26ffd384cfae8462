"""COCO's images and captions, from the layout in which they are published.

Source: Chen et al. 2015, Microsoft COCO captions: data collection and evaluation server.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.captions import checked_caption
from selfsup.datasets.content.sources import Source, captioned_source, lock_of, select, write_examples
from selfsup.datasets.content.walk import inside
from selfsup.errors import InputError

PROVIDES = ("image", "image_text")
YEAR = "2017"
PARTS = {"train": "train", "test": "val"}  # the published test part has no captions


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the COCO captions under ``root``."""
    return lock_of(_source(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
    phrasings: PositiveInt | None = 5,
) -> None:
    """Write ``train.h5`` and ``test.h5`` (the published validation images): image, key, caption, in the order of the
    images' hashes.

    Raises InputError where a file is missing, damaged, or not the one of the lock.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
        phrasings: captions of each image, the first ones.
    """
    source = _source(root)
    splits = select(source, lock, {"train": train_examples, "test": test_examples}, size_px=size_px)
    write_examples(folder, source, splits, dataset="coco_captions", size_px=size_px, phrasings=phrasings)


def _source(root: Path) -> Source:
    return captioned_source(root, {split: _captions(root, part) for split, part in PARTS.items()})


def _captions(root: Path, part: str) -> dict[Path, list[str]]:
    """Return {image file: its captions by annotation number} of one published part, without images that have none."""
    images, annotations = root / f"{part}{YEAR}", root / "annotations" / f"captions_{part}{YEAR}.json"
    captions: dict[Path, list[str]] = {}
    try:
        content = json.loads(annotations.read_text(encoding="utf-8"))
        names = {image["id"]: image["file_name"] for image in content["images"]}
        if twice := [name for name, count in Counter(names.values()).items() if count > 1]:
            raise InputError(f"{annotations} has {twice[0]} as two images; keep one, with the captions of both")
        for entry in sorted(content["annotations"], key=lambda entry: entry["id"]):
            file = inside(images, str(names[entry["image_id"]]), str(annotations))
            caption = checked_caption(entry["caption"], f"{annotations}, annotation {entry['id']} of {file.name},")
            captions.setdefault(file, []).append(caption)
    except FileNotFoundError:
        raise InputError(f"{annotations} does not exist; put COCO's published annotations there") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{annotations} has no COCO captions ({error!r}); copy the published file again") from None
    if not captions:
        raise InputError(f"{annotations} has no captions; copy the published file again")
    for file in captions:
        if not file.is_file():
            raise InputError(f"{annotations} names {file.name}, which is not in {images}; copy it there")
    return captions
