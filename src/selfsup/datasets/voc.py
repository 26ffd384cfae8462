"""Images with boxes in the layout of PASCAL VOC: JPEGImages, Annotations, and lists in ImageSets/Main.

Source: Everingham et al. 2010, The PASCAL visual object classes (VOC) challenge.
"""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import PositiveInt

from selfsup.datasets.content.annotated import Annotations, annotations_lock, write_annotated
from selfsup.datasets.content.lists import read_lines
from selfsup.datasets.content.named_boxes import NamedBox, with_classes
from selfsup.datasets.content.walk import check_folder
from selfsup.errors import InputError

PROVIDES = ("image",)
IMAGES, ANNOTATIONS, LISTS = "JPEGImages", "Annotations", "ImageSets/Main"
SUFFIXES = (".jpg", ".jpeg", ".png")


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the images under ``root``: the splits train and test."""
    return annotations_lock(_annotations(root))


def download(root: Path) -> None:
    """Download VOC 2007 into ``root``, verified by torchvision's checksums; InputError where that fails."""
    from torchvision.datasets import VOCDetection

    for part in ("trainval", "test"):
        try:
            VOCDetection(root, year="2007", image_set=part, download=True)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"VOC 2007 cannot be downloaded into {root} ({error}); put its published folders there"
            ) from error


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

    The test set is that of test.txt, and training has train.txt and val.txt; without test.txt it is val.txt. Raises InputError
    where a file is missing or damaged, a box leaves its image, or the files are not those of the lock.

    Args:
        size_px: side in pixels of the square that each image is fitted into.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    counts = {"train": train_examples, "test": test_examples}
    write_annotated(folder, _annotations(root), lock, counts, size_px=size_px, dataset="voc")


def _annotations(root: Path) -> Annotations:
    base = _base(root)
    names = {part: _listed(base, part) for part in ("train", "val", "test")}
    if names["test"] is None:
        names["test"], names["val"] = names["val"], None
    if names["train"] is None or names["test"] is None:
        raise InputError(
            f"{base / LISTS} needs train.txt, and val.txt or test.txt; write the names of the images there"
        )
    splits = {"train": [*names["train"], *(names["val"] or [])], "test": names["test"]}
    if both := sorted(set(splits["train"]) & set(splits["test"])):
        raise InputError(f"{base / LISTS} has {both[0]} in the training and the test list; remove it from one")
    objects = {split: {name: _objects(base, name) for name in listed} for split, listed in splits.items()}
    images = {split: {_image(base, name): boxes for name, boxes in of.items()} for split, of in objects.items()}
    return with_classes(root, images)


def _base(root: Path) -> Path:
    """Return the folder with JPEGImages: ``root``, or the one below it that has it."""
    check_folder(root)
    found = sorted(path.parent for path in root.rglob(IMAGES) if (path.parent / ANNOTATIONS).is_dir())
    if len(found) != 1:
        raise InputError(
            f"{root} has {len(found)} folders with {IMAGES} and {ANNOTATIONS}, not one; "
            + (f"keep one of {', '.join(map(str, found))}" if found else "put the published layout there")
        )
    return found[0]


def _listed(base: Path, part: str) -> list[str] | None:
    """Return the names in a list, None where there is no such list."""
    file = base / LISTS / f"{part}.txt"
    if not file.is_file():
        return None
    return [line.split()[0] for line in read_lines(file, "write the names of the images there")]


def _image(base: Path, name: str) -> Path:
    files = [file for suffix in SUFFIXES if (file := base / IMAGES / f"{name}{suffix}").is_file()]
    if len(files) != 1:
        raise InputError(
            f"{base / IMAGES} has {len(files)} images of the name {name}, not one; restore it, or correct the lists"
        )
    return files[0]


def _objects(base: Path, name: str) -> list[NamedBox]:
    """Return the objects of an annotation."""
    file = base / ANNOTATIONS / f"{name}.xml"
    try:
        root = ElementTree.parse(file).getroot()
        objects = [
            (
                _text(entry, "name"),
                tuple(float(_text(entry, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")),
                entry.findtext("difficult", "0").strip() == "1",
            )
            for entry in root.iter("object")
        ]
    except FileNotFoundError:
        raise InputError(f"{file} is missing; restore it, or remove {name} from the lists") from None
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{file} is not an annotation of VOC ({error}); replace it") from None
    # VOC counts pixels from 1 and includes the last; files that were written from 0 have a corner at 0.
    return [
        NamedBox(label, (max(x0 - 1, 0), max(y0 - 1, 0), x1, y1), hard) for label, (x0, y0, x1, y1), hard in objects
    ]


def _text(entry: ElementTree.Element, path: str) -> str:
    text = entry.findtext(path)
    if not text or not text.strip():
        raise ValueError(f"an object has no {path}")
    return text.strip()
