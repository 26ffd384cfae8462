"""Prepared data: one HDF5 file per split, written atomically."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from selfsup.errors import InputError
from selfsup.hdf5 import write_arrays

FRAMES_PER_SECOND = 100  # of sound: its labels are given every 10 ms


@dataclass(frozen=True)
class Split:
    """Arrays of a prepared split by name, each with N rows, and what is true of all: key bytes (N,), class names.

    ``size_px`` is the side of its square images (0: it has none), ``rate_hz`` the samples of a second (0: no sound).
    """

    arrays: dict[str, np.ndarray]
    key: np.ndarray
    classes: list[str]
    size_px: int
    rate_hz: int
    dataset: str


def write_split(
    path: Path, arrays: dict[str, np.ndarray], *, dataset: str, classes: list[str], size_px: int, rate_hz: int = 0
) -> None:
    """Write the arrays ({name: (N, ...)}, a slash in a name makes a group); equal arrays, equal bytes.

    Raises InputError where the disk is full or the folder may not be written; then nothing is left behind.
    """
    facts = {"dataset": dataset, "classes": json.dumps(classes), "size_px": size_px, "rate_hz": rate_hz}
    write_arrays(path, dict(sorted(arrays.items())), **facts)


def read_split(path: Path, names: Collection[str], *, with_depth: bool = False) -> Split:
    """Return these arrays of a prepared split, in memory; ``with_depth`` adds depth, in 256 steps, as a fourth channel of
    its images.

    Raises InputError for an array that the data set does not have.
    """
    with h5py.File(path, "r") as file:
        dataset = str(file.attrs["dataset"])
        if missing := [name for name in (*names, *(["depth"] if with_depth else [])) if name not in file]:
            raise InputError(
                f"{path} has no {missing[0]}: {dataset} does not provide it; take other data, or leave out what needs it"
            )
        arrays = {name: file[name][()] for name in names}
        if with_depth:
            depth = np.rint(file["depth"][()][:, None] * 255).astype(np.uint8)
            arrays["image"] = np.concatenate([arrays["image"], depth], 1)
        return Split(
            arrays=arrays,
            key=file["key"][()],
            classes=json.loads(file.attrs["classes"]),
            size_px=int(file.attrs["size_px"]),
            rate_hz=int(file.attrs["rate_hz"]),
            dataset=dataset,
        )


def has(path: Path, name: str) -> bool:
    """Return whether a prepared split has an array of this name."""
    with h5py.File(path, "r") as file:
        return name in file


def read_images(path: Path) -> np.ndarray:
    """Return the images of a prepared split: uint8 (N, 3, H, W)."""
    return read(path, "image")


def read(path: Path, name: str) -> np.ndarray:
    """Return one array of a prepared split, such as ``mask`` or ``factors/hue``; KeyError where it has none."""
    with h5py.File(path, "r") as file:
        return file[name][()]
