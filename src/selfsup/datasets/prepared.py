"""Prepared data: one HDF5 file per split, written whole or not at all."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from selfsup.errors import InputError
from selfsup.hdf5 import write_whole


@dataclass(frozen=True)
class Split:
    """What every prepared split has: image uint8 (N, 3, H, W), key bytes (N,), label int64 (N,) or None.

    Read with depth, the image has it as a fourth channel.
    """

    image: np.ndarray
    key: np.ndarray
    label: np.ndarray | None
    classes: list[str]
    size_px: int
    dataset: str


def write_split(path: Path, arrays: dict[str, np.ndarray], *, dataset: str, classes: list[str], size_px: int) -> None:
    """Write the arrays ({name: (N, ...)}, a slash in a name makes a group); equal arrays, equal bytes.

    Raises InputError where the disk is full or the folder may not be written; then nothing is left behind.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update(dataset=dataset, classes=json.dumps(classes), size_px=size_px)
        for name, values in sorted(arrays.items()):
            file.create_dataset(name, data=values, track_times=False)
    write_whole(path, memory.getbuffer())


def read_split(path: Path, *, with_depth: bool = False) -> Split:
    """Return a prepared split, in memory; ``with_depth`` adds depth, in 256 steps, as a fourth channel of its images.

    Raises InputError where depth is asked for and the data set has none.
    """
    with h5py.File(path, "r") as file:
        image = file["image"][()]
        if with_depth:
            if "depth" not in file:
                raise InputError(f"{path} has no depth: take a data set that renders it (scenes), or another method")
            image = np.concatenate([image, np.rint(file["depth"][()][:, None] * 255).astype(np.uint8)], 1)
        return Split(
            image=image,
            key=file["key"][()],
            label=file["label"][()] if "label" in file else None,
            classes=json.loads(file.attrs["classes"]),
            size_px=int(file.attrs["size_px"]),
            dataset=str(file.attrs["dataset"]),
        )


def read_images(path: Path) -> np.ndarray:
    """Return the images of a prepared split: uint8 (N, 3, H, W)."""
    return read(path, "image")


def read(path: Path, name: str) -> np.ndarray:
    """Return one array of a prepared split, such as ``mask`` or ``factors/hue``; KeyError where it has none."""
    with h5py.File(path, "r") as file:
        return file[name][()]
