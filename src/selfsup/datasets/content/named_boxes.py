"""Boxes whose classes are names, as files have them: the classes are those of the training images."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from selfsup.datasets.content.annotated import Annotated, Annotations, Box
from selfsup.errors import InputError, listed


class NamedBox(NamedTuple):
    """An object: the name of its class; x0 y0 x1 y1 in pixels from 0, x1 and y1 exclusive; whether it is difficult."""

    name: str
    corners: tuple[float, float, float, float]
    difficult: bool


def with_classes(root: Path, splits: Mapping[str, Mapping[Path, list[NamedBox]]]) -> Annotations:
    """Return a data set of the objects in each image file of each split, any number, with sorted classes.

    Raises InputError where a class is in test images only, or no training image has an object.
    """
    names = {split: {box.name for boxes in files.values() for box in boxes} for split, files in splits.items()}
    if unseen := sorted(names["test"] - names["train"]):
        raise InputError(f"{root} has {listed(unseen)} in test images only; no model can learn it: correct the lists")
    classes = sorted(names["train"])
    if not classes:
        raise InputError(f"{root} has no object in any training image; there is nothing to detect")
    annotated = {
        split: [
            Annotated(file, [Box(box.corners, classes.index(box.name), box.difficult) for box in boxes])
            for file, boxes in files.items()
        ]
        for split, files in splits.items()
    }
    return Annotations(root, annotated, classes, [])
