"""Image files and their classes: root/{train,test}/<class>/..., root/<class>/..., or images directly in a folder."""

import os
from pathlib import Path

from selfsup.datasets.content.sources import UNLABELLED, Source, decoded
from selfsup.errors import InputError

# A file with one of these suffixes must be an image; all others (README.txt, Thumbs.db) are ignored.
IMAGE_SUFFIXES = {
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
}


def read_class_folders(root: Path) -> Source:
    """Return the source under ``root`` with the splits train and test, or ``all`` where it is not split.

    Raises InputError where a folder is missing, empty or not readable, or where there is only one class.
    """
    try:
        if not root.is_dir():
            raise InputError(
                f"{root} is not a folder; set SELFSUP_DATA_ROOT to the folder that contains {root.name}, or correct source"
            )
        folders = _split_folders(root)
        classes = _classes(root, folders)
        files = {split: _files(folder, classes) for split, folder in folders.items()}
    except PermissionError as error:
        raise InputError(f"{error.filename} cannot be read; make it readable") from None
    return Source(root, classes, {split: decoded(labelled) for split, labelled in files.items()})


def _split_folders(root: Path) -> dict[str, Path]:
    folders = {split: root / split for split in ("train", "test")}
    missing = [split for split, folder in folders.items() if not folder.is_dir()]
    if len(missing) == 1:
        raise InputError(f"{root} has no folder {missing[0]}; add it, or put the classes directly into {root}")
    return {"all": root} if missing else folders


def _classes(root: Path, folders: dict[str, Path]) -> list[str]:
    """Return the sorted names of the classes, empty where the images are unlabelled; all splits must agree."""
    by_split = {split: _class_names(folder) for split, folder in folders.items()}
    classes = next(iter(by_split.values()))
    for names in by_split.values():
        if unpaired := sorted(set(names) ^ set(classes)):
            raise InputError(f"{root} has the class {unpaired[0]} in only one of train and test; add or remove it")
    if len(classes) == 1:
        raise InputError(
            f"{root} has only one class, {classes[0]}; add another, or put the images directly into {root}"
        )
    return classes


def _class_names(folder: Path) -> list[str]:
    visible = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if any(path.is_file() and _is_image(path.name) for path in visible):
        return []
    names = sorted(path.name for path in visible if path.is_dir())
    if not names:
        raise InputError(f"{folder} contains neither images nor class folders; put the images there")
    return names


def _files(folder: Path, classes: list[str]) -> list[tuple[Path, int]]:
    if not classes:
        return [(path, UNLABELLED) for path in _images_below(folder)]
    files = []
    for label, name in enumerate(classes):
        images = _images_below(folder / name)
        if not images:
            raise InputError(f"the class folder {folder / name} contains no image; add images or remove it")
        files += [(path, label) for path in images]
    return files


def _images_below(folder: Path) -> list[Path]:
    images = []
    for parent, folders, files in os.walk(folder, onerror=_reraise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        images += [Path(parent, name) for name in files if not name.startswith(".") and _is_image(name)]
    return images


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


def _reraise(error: OSError) -> None:
    raise error
