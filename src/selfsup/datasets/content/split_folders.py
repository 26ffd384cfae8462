"""Folders that split a data set: train, val and test by the names that people give them."""

from pathlib import Path

from selfsup.datasets.content.walk import hidden
from selfsup.errors import InputError

NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}


def split_folders(root: Path) -> dict[str, list[Path]]:
    """Return the folders of the splits train and test below ``root``, in any case; empty where it is not split.

    Validation images are added to the training set, or are the test set where there is no other. Raises InputError where a split
    has two folders, one of both is missing, or other folders lie beside them.
    """
    known = {name for names in NAMES.values() for name in names}
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not hidden(path.name))
    found = {split: [path for path in folders if path.name.lower() in names] for split, names in NAMES.items()}
    found = {split: paths for split, paths in found.items() if paths}
    if not found.keys() & {"train", "test"}:
        return {}
    if double := [paths for paths in found.values() if len(paths) > 1]:
        names = " and ".join(path.name for path in double[0])
        raise InputError(f"{root} has the folders {names} for one split; put their images into one")
    if others := [path.name for path in folders if path.name.lower() not in known]:
        beside = next(iter(found.values()))[0].name
        raise InputError(
            f"{root} has the folder {others[0]} beside {beside}, which is a split; move it into the splits, or away"
        )
    if "test" not in found and "val" in found:
        found["test"] = found.pop("val")
    if missing := [split for split in ("train", "test") if split not in found]:
        raise InputError(f"{root} has no folder {missing[0]}; add it, or put the classes directly into {root}")
    return {"train": [*found["train"], *found.get("val", [])], "test": found["test"]}
