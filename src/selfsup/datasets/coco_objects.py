"""Images with boxes in COCO's format: one JSON file for each split.

Two layouts are known: ``annotations/instances_<part>.json`` beside folders of images ``<part>``, as COCO is published, where a
part is train2017 or val2017; and ``_annotations.coco.json`` inside each folder ``train``, ``valid`` and ``test``, as tools export
it.

Source: Lin et al. 2014, Microsoft COCO: common objects in context.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.annotated import Annotations, annotations_lock, write_annotated
from selfsup.datasets.content.named_boxes import NamedBox, with_classes
from selfsup.datasets.content.walk import check_folder, inside
from selfsup.errors import InputError

PROVIDES = ("image",)
PUBLISHED, EXPORTED = "annotations/instances_{part}*.json", "{part}*/_annotations.coco.json"
PARTS = ("train", "val", "test")  # val is "valid" in the exported layout
ROUNDING_PX = 1.0  # by which published boxes leave their images


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the images under ``root``: the splits train and test."""
    return annotations_lock(_annotations(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5``: image, key and the objects, in the order of the images' hashes.

    The test set is the part test where it has annotations, and training has train and val; else it is val. Crowds are difficult
    objects. Raises InputError where a file is missing or damaged, a box leaves its image, or the files are not those of the lock.

    Args:
        size_px: side in pixels of the square that each image is fitted into.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    counts = {"train": train_examples, "test": test_examples}
    write_annotated(folder, _annotations(root), lock, counts, size_px=size_px, dataset="coco_objects")


def _annotations(root: Path) -> Annotations:
    check_folder(root)
    found = {part: file for part in PARTS if (file := _file(root, part))}
    if "train" not in found or len(found) < 2:
        raise InputError(
            f"{root} has no annotations of training and validation or test images; it needs annotations/instances_train2017.json "
            "and instances_val2017.json, or _annotations.coco.json in the folders train and valid"
        )
    objects = {part: _objects(file) for part, file in found.items()}
    test = objects.pop("test", None) or objects.pop("val")
    train = {file: boxes for of_part in objects.values() for file, boxes in of_part.items()}
    return with_classes(root, {"train": train, "test": test})


def _file(root: Path, part: str) -> Path | None:
    """Return the annotations of a part, None where there are none; InputError where there are several."""
    files = sorted(file for pattern in (PUBLISHED, EXPORTED) for file in root.glob(pattern.format(part=part)))
    if len(files) > 1:
        raise InputError(f"{root} has several annotations of {part}: {files[0]} and {files[1]}; keep one")
    return files[0] if files else None


def _objects(file: Path) -> dict[Path, list[NamedBox]]:
    """Return the objects of every image that a file of annotations names, which may be none."""
    exported = file.name.startswith("_")
    folder = file.parent if exported else file.parent.parent / file.stem.removeprefix("instances_")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        names = {category["id"]: str(category["name"]) for category in content["categories"]}
        images = {image["id"]: image for image in content["images"]}
        paths = {number: inside(folder, str(image["file_name"]), str(file)) for number, image in images.items()}
        objects: dict[Path, list[NamedBox]] = {path: [] for path in paths.values()}
        for entry in sorted(content["annotations"], key=lambda entry: entry["id"]):
            image = images[entry["image_id"]]
            corners = _corners(entry["bbox"], (image["width"], image["height"]))
            objects[paths[entry["image_id"]]].append(
                NamedBox(names[entry["category_id"]], corners, bool(entry.get("iscrowd", 0)))
            )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} is not an annotation in COCO's format ({error!r}); replace it") from None
    for path in objects:
        if not path.is_file():
            raise InputError(f"{file} names {path.name}, which is not in {folder}; copy it there")
    return objects


def _corners(box: list[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return x0 y0 x1 y1 of x y width height; an end that leaves the image by a rounding is at its edge."""
    x, y, width, height = map(float, box)
    low, high = (x, y), (x + width, y + height)
    x0, y0 = (0.0 if -ROUNDING_PX <= value < 0 else value for value in low)
    x1, y1 = (
        float(side) if side < value <= side + ROUNDING_PX else value for value, side in zip(high, size, strict=True)
    )
    return x0, y0, x1, y1
