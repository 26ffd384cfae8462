"""Images with masks of classes: a folder of masks beside each folder of images, equally named files.

Two layouts are known: ``train`` with ``trainannot`` (CamVid), and ``images/train`` with ``masks/train``; the same for ``test``
and, if there is one, ``val``, which is added to the training set.
"""

from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.annotated import Annotated, Annotations, annotations_lock, write_annotated
from selfsup.datasets.content.class_folders import IMAGE_SUFFIXES
from selfsup.datasets.content.objects import VOID
from selfsup.datasets.content.walk import check_folder
from selfsup.errors import InputError, listed

PROVIDES = ("image",)
LAYOUTS = [("{split}", "{split}annot"), ("images/{split}", "masks/{split}")]


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the images and masks under ``root``: the splits train and test."""
    return annotations_lock(Annotations(root, _splits(root), [], []))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    segment_classes: list[str],
    void: NonNegativeInt = VOID,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, key and segments, in the order of the images' hashes.

    Raises InputError where a mask is missing, damaged, in colour or of another size than its image, a pixel has no class, or the
    files are not those of the lock.

    Args:
        size_px: side in pixels of the square that each image is fitted into.
        segment_classes: names of the masks' values 0, 1, ...
        void: value of pixels without a class, as 255 always is.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    annotations = Annotations(root, _splits(root), [], segment_classes, void)
    counts = {"train": train_examples, "test": test_examples}
    write_annotated(folder, annotations, lock, counts, size_px=size_px, dataset="image_masks")


def _splits(root: Path) -> dict[str, list[Annotated]]:
    check_folder(root)
    found = [
        (base, images, masks)
        for base in (root, *sorted(path for path in root.iterdir() if path.is_dir()))
        for images, masks in LAYOUTS
        if all((base / pattern.format(split="train")).is_dir() for pattern in (images, masks))
    ]
    if len(found) != 1:
        raise InputError(
            f"{root} has {len(found)} folders of images and masks, not one; it needs train beside trainannot, or images/train "
            "beside masks/train"
        )
    ((base, images, masks),) = found
    parts = {
        split: _pairs(base / images.format(split=split), base / masks.format(split=split))
        for split in ("train", "val", "test")
        if (base / images.format(split=split)).is_dir()
    }
    if "test" not in parts:
        raise InputError(f"{base} has no test images; add the folder {images.format(split='test')} and its masks")
    return {"train": parts["train"] + parts.get("val", []), "test": parts["test"]}


def _pairs(images: Path, masks: Path) -> list[Annotated]:
    files = sorted(file for file in images.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES and file.name[0] != ".")
    if not files:
        raise InputError(f"{images} has no images; put them there")
    by_stem = {file.stem: file for file in sorted(masks.iterdir())} if masks.is_dir() else {}
    if unpaired := [file.name for file in files if file.stem not in by_stem]:
        raise InputError(f"{masks} has no mask of {listed(unpaired)}; add it, or remove the image")
    return [Annotated(file, mask=by_stem[file.stem]) for file in files]
