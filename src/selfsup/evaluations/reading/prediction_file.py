"""Reads what a method made of held-out images: ``predictions.h5``."""

from pathlib import Path

import h5py
import torch
from torch import Tensor

from selfsup.errors import NotApplicable


def read_predictions(folder: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return its images {name: uint8 (M, 3, H, W)} and arrays {name: (M, ...)}, of the first M test images.

    Raises NotApplicable where the method predicts nothing of this ``kind``.
    """
    file = folder / "predictions.h5"
    if not file.exists():
        raise NotApplicable(f"the method makes no {kind}")
    with h5py.File(file, "r") as source:
        if source.attrs["kind"] != kind:
            raise NotApplicable(f"the method makes a {source.attrs['kind']}, no {kind}")
        groups = (
            {name: torch.from_numpy(array[()]) for name, array in source.get(g, {}).items()}
            for g in ("images", "arrays")
        )
        images, arrays = groups
        return images, arrays
