"""HDF5 files, built in memory and written atomically: HDF5 itself crashes the interpreter when the disk is full."""

import errno
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from selfsup.errors import InputError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], **attributes: Any) -> None:
    """Write arrays by name (a slash makes a group) and attributes of the file; equal arrays give equal bytes."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update(attributes)
        for name, values in arrays.items():
            file.create_dataset(name, data=values, track_times=False)
    write_whole(path, memory.getbuffer())


def write_whole(path: Path, content: memoryview | bytes) -> None:
    """Write a temporary file, flush and rename it; InputError where the disk is full or the folder is not writable."""
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
        raise _explained(error, path) from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, path: Path) -> Exception:
    """Return the InputError for a full disk or a folder that is not writable, otherwise the error itself."""
    if error.errno in FULL_DISK:
        return InputError(
            f"{path} cannot be written because the disk is full; free some space and run the same command again"
        )
    if isinstance(error, PermissionError):
        return InputError(f"{path} cannot be written; make {path.parent} writable and run the same command again")
    return error
