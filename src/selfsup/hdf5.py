"""HDF5 files written atomically into space that was reserved: HDF5 itself crashes the interpreter when the disk is full."""

import errno
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from selfsup.errors import InputError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
OVERHEAD = 1 << 20  # bytes of a file beside its arrays: headers, names, attributes


class Reserved(io.RawIOBase):
    """A file of which space was allocated; it seems as long as what was written to it."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        super().__init__()
        self.file = file
        self.length = 0
        if size:
            os.posix_fallocate(file.fileno(), 0, size)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.file.tell(), os.SEEK_END: self.length}[whence]
        return self.file.seek(start + offset)

    def tell(self) -> int:
        return self.file.tell()

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self.length - self.file.tell()))
        return self.file.readinto(memoryview(buffer)[:wanted])

    def write(self, content: Any) -> int:
        left = memoryview(content).cast("B")
        written = len(left)
        while left:
            left = left[self.file.write(left) :]
        self.length = max(self.length, self.file.tell())
        return written

    def truncate(self, size: int | None = None) -> int:
        self.length = self.file.tell() if size is None else size
        return self.length


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], **attributes: Any) -> None:
    """Write arrays by name (a slash makes a group) and attributes of the file; equal arrays give equal bytes."""
    size = sum(np.asarray(values).nbytes for values in arrays.values())
    with _whole(path, size + OVERHEAD) as stream, h5py.File(stream, "w") as file:
        file.attrs.update(attributes)
        for name, values in arrays.items():
            file.create_dataset(name, data=values, track_times=False)


def write_whole(path: Path, content: memoryview | bytes) -> None:
    """Write a temporary file, flush and rename it; InputError where the disk is full or the folder is not writable."""
    with _whole(path, len(content)) as stream:
        stream.write(content)


@contextmanager
def _whole(path: Path, size: int) -> Iterator[Reserved]:
    """Yield a file of at least ``size`` bytes of space, which takes its place when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with io.FileIO(partial, "w+") as file:
            stream = Reserved(file, size)
            yield stream
            file.truncate(stream.length)
            os.fsync(file.fileno())
        partial.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


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
