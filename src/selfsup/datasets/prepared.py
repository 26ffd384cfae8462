"""Prepared data: one HDF5 file per split, written whole or not at all."""

import errno
import io
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from selfsup.errors import InputError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Split:
    """What every prepared split has: image uint8 (N, 3, H, W), key bytes (N,), label int64 (N,) or None."""

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
    # In memory first: HDF5 crashes the interpreter where a disk fills up as it closes a file.
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update(dataset=dataset, classes=json.dumps(classes), size_px=size_px)
        for name, values in sorted(arrays.items()):
            file.create_dataset(name, data=values, track_times=False)
    _write_whole(path, memory.getbuffer())


def read_split(path: Path) -> Split:
    """Return a prepared split, in memory."""
    with h5py.File(path, "r") as file:
        return Split(
            image=file["image"][()],
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


def _write_whole(path: Path, content: memoryview) -> None:
    """Write beside ``path``, flush, rename; what fails leaves nothing behind."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        _flush(partial)
        partial.replace(path)
        _flush(path.parent)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _mendable(error, path) from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mendable(error: OSError, path: Path) -> Exception:
    """Return the InputError that a full disk or a forbidden folder deserves, else the error itself."""
    if error.errno in FULL_DISK:
        return InputError(f"{path} cannot be written because the disk is full: free some space and start again.")
    if isinstance(error, PermissionError):
        return InputError(f"{path} cannot be written: allow writing to {path.parent} and start again.")
    return error
