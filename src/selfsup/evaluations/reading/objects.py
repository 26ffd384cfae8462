"""Reads the objects and the segments of a prepared split, whatever arrays hold them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from selfsup.datasets.content.objects import ARRAYS, VOID
from selfsup.datasets.prepared import has, read, read_split, segment_classes
from selfsup.errors import NotApplicable


@dataclass(frozen=True)
class Objects:
    """M objects of a split: ``image`` (M,) int64 is each one's row, ``box`` (M, 4) x0 y0 x1 y1 in pixels, ``label`` (M,) int64,
    ``difficult`` (M,) bool."""

    image: Tensor
    box: Tensor
    label: Tensor
    difficult: Tensor

    def where(self, mask: Tensor) -> "Objects":
        """Return the objects of a mask (M,)."""
        return Objects(self.image[mask], self.box[mask], self.label[mask], self.difficult[mask])


def objects(path: Path) -> Objects:
    """Return the objects of a prepared split: those of ``object_box``, or the one ``box`` of each labelled image.

    NotApplicable where the data have none.
    """
    if has(path, "object_box"):
        box, label, difficult = (torch.from_numpy(read(path, name)) for name in ARRAYS)
        image, column = (label >= 0).nonzero(as_tuple=True)
        return Objects(image, box[image, column].float(), label[image, column], difficult[image, column])
    if has(path, "box") and has(path, "label"):
        box, label = torch.from_numpy(read(path, "box")).float(), torch.from_numpy(read(path, "label")).long()
        return Objects(torch.arange(len(label)), box, label, torch.zeros(len(label), dtype=torch.bool))
    raise NotApplicable("the data set has no boxes")


def segments(path: Path) -> Tensor:
    """Return the class of each pixel uint8 (N, H, W), an index of ``segment_names``, or VOID.

    They are the ``segments``, or background and the label of each image inside its ``mask``. NotApplicable where the data have
    neither, or every pixel is VOID.
    """
    if has(path, "segments"):
        found = torch.from_numpy(read(path, "segments"))
        if not (found != VOID).any():
            raise NotApplicable(f"every pixel of the {path.stem} images is void")
        return found
    if has(path, "mask") and has(path, "label"):
        mask, label = torch.from_numpy(read(path, "mask")), torch.from_numpy(read(path, "label"))
        return torch.where(mask > 0, (label[:, None, None] + 1).byte(), 0).byte()
    raise NotApplicable("the data set has no segments")


def segment_names(path: Path) -> list[str]:
    """Return the names of the classes of pixels."""
    return segment_classes(path) or ["background", *read_split(path, []).classes]


def images(path: Path) -> Tensor:
    """Return the images uint8 (N, 3, H, W) of a prepared split."""
    return torch.from_numpy(read_split(path, ["image"]).arrays["image"])


def foreground(path: Path) -> Tensor:
    """Return bool (N, H, W): the pixels of objects, which are named as the classes of the data are; NotApplicable where the
    data have no segments."""
    classes, names = read_split(path, []).classes, segment_names(path)
    objects = torch.tensor([names.index(name) for name in classes if name in names])
    return torch.isin(segments(path).long(), objects)
