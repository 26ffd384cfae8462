"""The images and labels of a prepared data set, for what trains on some of its labels."""

from pathlib import Path

import torch
from torch import Tensor

from selfsup.datasets.prepared import has, read_split
from selfsup.errors import NotApplicable


def labelled_images(prepared: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Return images uint8 (N, 3, H, W) and labels (N,) of the splits ``train`` and ``test``.

    Raises NotApplicable where the data set has no labels.
    """
    files = {split: prepared / f"{split}.h5" for split in ("train", "test")}
    if not all(has(file, "label") for file in files.values()):
        raise NotApplicable("the data set has no labels")
    read = {split: read_split(file, ("image", "label")).arrays for split, file in files.items()}
    return {split: (torch.from_numpy(a["image"]), torch.from_numpy(a["label"])) for split, a in read.items()}
