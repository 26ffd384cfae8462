"""Prepared data: one HDF5 file per split, written atomically."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from selfsup.errors import InputError
from selfsup.hdf5 import write_arrays

FRAMES_PER_SECOND = 100  # of sound: its labels are given every 10 ms


@dataclass(frozen=True)
class Split:
    """Arrays of a prepared split by name, each with N rows, its keys, bytes (N,), and its attributes.

    ``size_px`` is the side of its square images (0: it has none), ``rate_hz`` the samples per second (0: no sound).
    """

    arrays: dict[str, np.ndarray]
    key: np.ndarray
    classes: list[str]
    size_px: int
    rate_hz: int
    dataset: str


def write_split(
    path: Path,
    arrays: dict[str, np.ndarray],
    *,
    dataset: str,
    classes: list[str],
    size_px: int,
    rate_hz: int = 0,
    segment_classes: list[str] | None = None,
) -> None:
    """Write the arrays ({name: (N, ...)}, a slash in a name makes a group); equal arrays, equal bytes.

    ``segment_classes`` are the names of the classes of pixels of ``segments``. Raises InputError where the disk is full or the
    folder may not be written; then nothing is left behind.
    """
    attributes = {"dataset": dataset, "classes": json.dumps(classes), "size_px": size_px, "rate_hz": rate_hz}
    if segment_classes:
        attributes["segment_classes"] = json.dumps(segment_classes)
    write_arrays(path, dict(sorted(arrays.items())), **attributes)


def read_split(path: Path, names: Collection[str], *, with_depth: bool = False) -> Split:
    """Return these arrays of a prepared split, in memory; ``with_depth`` adds quantised depth as a channel of its images.

    Raises InputError for an array that the data set does not have.
    """
    with h5py.File(path, "r") as file:
        _require(file, path, (*names, *(["depth"] if with_depth else [])))
        arrays = {name: file[name][()] for name in names}
        if with_depth:
            arrays["image"] = np.concatenate([arrays["image"], quantised_depth(file["depth"][()])], 1)
        return _split(file, arrays)


def map_split(path: Path, names: Collection[str]) -> Split:
    """Return these arrays of a prepared split as memory maps of the file, which must stay.

    Raises InputError for an array that the data set does not have.
    """
    with h5py.File(path, "r") as file:
        _require(file, path, names)
        arrays: dict[str, np.ndarray] = {}
        for name in names:  # contiguous and uncompressed, as write_split writes them
            stored = file[name]
            arrays[name] = np.memmap(path, stored.dtype, "r", stored.id.get_offset(), stored.shape)
        return _split(file, arrays)


def stored_bytes(path: Path, names: Collection[str]) -> int:
    """Return the memory that these arrays of a prepared split need."""
    with h5py.File(path, "r") as file:
        _require(file, path, names)
        return sum(file[name].nbytes for name in names)


def quantised_depth(depth: np.ndarray) -> np.ndarray:
    """Return depth (N, H, W) in [0, 1] as a channel (N, 1, H, W) of uint8."""
    return np.rint(depth[:, None] * 255).astype(np.uint8)


def _require(file: h5py.File, path: Path, names: Collection[str]) -> None:
    if missing := [name for name in names if name not in file]:
        raise InputError(
            f"{path} has no {missing[0]}: {file.attrs['dataset']} does not provide it; choose other data, or leave out "
            "what needs it"
        )


def _split(file: h5py.File, arrays: dict[str, np.ndarray]) -> Split:
    return Split(
        arrays=arrays,
        key=file["key"][()],
        classes=json.loads(file.attrs["classes"]),
        size_px=int(file.attrs["size_px"]),
        rate_hz=int(file.attrs["rate_hz"]),
        dataset=str(file.attrs["dataset"]),
    )


def has(path: Path, name: str) -> bool:
    """Return whether a prepared split has an array of this name."""
    with h5py.File(path, "r") as file:
        return name in file


def read(path: Path, name: str) -> np.ndarray:
    """Return one array of a prepared split, such as ``mask`` or ``factors/hue``; KeyError where it has none."""
    with h5py.File(path, "r") as file:
        return file[name][()]


def segment_classes(path: Path) -> list[str]:
    """Return the names of the classes of pixels that a prepared split was written with; none where it has none."""
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs.get("segment_classes", "[]"))


def caption_array(captions: Sequence[Sequence[str]], length_bytes: int | None = None) -> np.ndarray:
    """Return uint8 (N, V, L), UTF-8 padded with zeros: V captions of each image, L the longest's length or ``length_bytes``.

    An image with fewer than V captions repeats them in turn, so that each is sampled about equally often. Raises
    ValueError where a caption is longer than ``length_bytes``.
    """
    phrasings = max(map(len, captions))
    encoded = [texts[n % len(texts)].encode() for texts in captions for n in range(phrasings)]
    longest = max(map(len, encoded))
    length = longest if length_bytes is None else length_bytes
    if longest > length:
        raise ValueError(f"a caption has {longest} bytes, more than {length}")
    padded = b"".join(text.ljust(length, b"\0") for text in encoded)
    return np.frombuffer(padded, np.uint8).reshape(len(captions), phrasings, length)
