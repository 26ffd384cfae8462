"""Image files and their classes: root/{train,val,test}/<class>/..., root/<class>/..., or images directly in a folder."""

from collections import Counter
from pathlib import Path

from selfsup.datasets.content.sources import UNLABELLED, Source, decoded
from selfsup.datasets.content.split_folders import split_folders
from selfsup.datasets.content.walk import check_folder, files_below, hidden, tell
from selfsup.errors import InputError

# A file with one of these suffixes must be an image; how many others (README.txt, Thumbs.db) are left out is told.
IMAGE_SUFFIXES = {
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
}


def read_class_folders(root: Path) -> Source:
    """Return the source under ``root`` with the splits train and test, or ``all`` where it is not split.

    Raises InputError where a folder is missing, empty or not readable, has images beside class folders, or where there is only
    one class.
    """
    try:
        check_folder(root)
        folders = split_folders(root) or {"all": [root]}
        classes = _classes(root, folders)
        skipped: Counter[str] = Counter()
        files = {split: _files(of_split, classes, skipped) for split, of_split in folders.items()}
    except PermissionError as error:
        raise InputError(f"{error.filename} cannot be read; make it readable") from None
    tell(root, skipped)
    return Source(root, classes, {split: decoded(labelled) for split, labelled in files.items()})


def _classes(root: Path, folders: dict[str, list[Path]]) -> list[str]:
    """Return the sorted names of the classes, empty where the images are unlabelled; all splits must agree."""
    by_folder = {folder: _class_names(folder) for of_split in folders.values() for folder in of_split}
    first, classes = next(iter(by_folder.items()))
    for folder, names in by_folder.items():
        if (not names and classes) or (names and not classes):
            labelled, other = (first, folder) if classes else (folder, first)
            raise InputError(f"{labelled} has class folders, {other} has images; sort these into classes too")
        if unpaired := sorted(set(names) ^ set(classes)):
            has, lacks = (folder, first) if unpaired[0] in names else (first, folder)
            raise InputError(
                f"{has.name} has the class {unpaired[0]}, {lacks.name} of {root} has not; add or remove it"
            )
    if len(classes) == 1:
        raise InputError(
            f"{root} has only one class, {classes[0]}; add another, or put the images directly into {root}"
        )
    return classes


def _class_names(folder: Path) -> list[str]:
    visible = sorted(path for path in folder.iterdir() if not hidden(path.name))
    images = [path.name for path in visible if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES]
    names = [path.name for path in visible if path.is_dir()]
    if images and names:
        raise InputError(
            f"{folder} has images, such as {images[0]}, beside folders, such as {names[0]}: are these classes? Move the images "
            "into a class, or all of them out of folders"
        )
    if not images and not names:
        raise InputError(f"{folder} contains neither images nor class folders; put the images there")
    return names


def _files(folders: list[Path], classes: list[str], skipped: Counter[str]) -> list[tuple[Path, int]]:
    if not classes:
        return [(path, UNLABELLED) for folder in folders for path in files_below(folder, IMAGE_SUFFIXES, skipped)]
    files = []
    for label, name in enumerate(classes):
        for folder in folders:
            images = files_below(folder / name, IMAGE_SUFFIXES, skipped)
            if not images:
                raise InputError(f"the class folder {folder / name} contains no image; add images or remove it")
            files += [(path, label) for path in images]
    return files
