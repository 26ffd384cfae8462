"""COCO's images and captions, from the layout in which they are published, through torchvision's loader.

Source: Chen et al. 2015, Microsoft COCO captions: data collection and evaluation server.
"""

import contextlib
import io
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.captioned import captioned_source, shortened
from selfsup.datasets.content.sources import Source, lock_of, verified, write_splits
from selfsup.errors import InputError

PROVIDES = ("image", "image_text")
YEAR = "2017"
PARTS = {"train": "train", "test": "val"}  # the published test part has no captions


def adopt(root: Path) -> dict[str, Any]:
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
    """Write ``train.h5`` and ``test.h5`` (the published validation images): image, key, caption.

    In the order of the images' hashes; a number keeps the first so many, and of five and more captions an image the first
    ``phrasings``. Raises InputError where a file is missing or damaged, or not the one that was locked.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples; by default all.
        test_examples: test examples; by default all.
        phrasings: captions of each image; by default all.
    """
    source = _source(root)
    found = verified(source, lock, size_px)
    wanted = {"train": train_examples, "test": test_examples}
    captions = shortened(source.captions, phrasings)
    write_splits(
        folder, found, wanted, dataset="coco_captions", root=root, classes=[], size_px=size_px, captions=captions
    )


def _source(root: Path) -> Source:
    return captioned_source(root, {split: _captions(root, part) for split, part in PARTS.items()})


def _captions(root: Path, part: str) -> dict[Path, list[str]]:
    """Return {image file: its captions by annotation number} of one published part; images without any are left out."""
    from torchvision.datasets import CocoCaptions

    images, annotations = root / f"{part}{YEAR}", root / "annotations" / f"captions_{part}{YEAR}.json"
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells of its progress
            index = CocoCaptions(images, str(annotations)).coco
        said = {
            images / index.imgs[image]["file_name"]: [
                (str(one["caption"]).strip(), one["id"]) for one in sorted(found, key=lambda one: one["id"])
            ]
            for image, found in index.imgToAnns.items()
        }
    except FileNotFoundError:
        raise InputError(f"{annotations} does not exist: put COCO's published annotations there.") from None
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{annotations} are no COCO captions ({error!r}): copy the published file again.") from None
    for file, captions in said.items():
        if empty := [number for text, number in captions if not text]:
            raise InputError(f"{annotations} has an empty caption, annotation {empty[0]} of {file.name}: remove it.")
        if not file.is_file():
            raise InputError(f"{annotations} names {file.name}, which is not in {images}: add it, or copy it again.")
    return {file: [text for text, _ in captions] for file, captions in said.items()}
