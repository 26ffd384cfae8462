"""HDF5 files take their space first, keep their bytes, and need hardly more memory than their arrays."""

import io
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from selfsup.hdf5 import Reserved, write_arrays, write_whole

ARRAYS = {
    "image": np.random.default_rng(0).integers(0, 255, (300, 3, 16, 16)).astype(np.uint8),
    "deep/key": np.array([b"a", b"bc"], "S72"),
    "empty": np.zeros((0, 3)),
    "number": np.float32(3),
}


def test_the_bytes_are_those_of_hdf5_in_memory(tmp_path):
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update(name="x", number=3)
        for name, values in ARRAYS.items():
            file.create_dataset(name, data=values, track_times=False)
    write_arrays(tmp_path / "a.h5", ARRAYS, name="x", number=3)
    assert (tmp_path / "a.h5").read_bytes() == memory.getvalue()
    write_whole(tmp_path / "b.h5", memory.getbuffer())
    assert (tmp_path / "b.h5").read_bytes() == memory.getvalue()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.h5", "b.h5"]


def test_a_reserved_file_reads_as_what_was_written(tmp_path):
    with io.FileIO(tmp_path / "a", "w+") as file:
        stream = Reserved(file, 1000)
        assert os.fstat(file.fileno()).st_size == 1000
        assert stream.read() == b""
        stream.write(b"abcdef")
        assert (stream.seek(0, os.SEEK_END), stream.seek(2), stream.read(10)) == (6, 2, b"cdef")
        stream.truncate(3)
        assert (stream.seek(0, os.SEEK_END), stream.seek(0), stream.read()) == (3, 0, b"abc")


def test_an_error_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_arrays(tmp_path / "a.h5", {"image": ARRAYS["image"], "no": np.array([object()])})
    assert list(tmp_path.iterdir()) == []


WRITE = """
import numpy as np, resource, sys
from pathlib import Path
from selfsup.hdf5 import write_arrays
values = np.ones(150_000_000, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_arrays(Path(sys.argv[1]), {"image": values})
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_writing_needs_no_copy_in_memory(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path / "a.h5")], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 30  # megabytes, of 150 that were written
