"""Where training reads its examples: equal rows and equal runs from memory and from the file."""

import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError
from selfsup.methods.base import ARRAYS
from selfsup.training.source import FileSource, MemorySource, open_source

N = 7


@pytest.fixture
def file(tmp_path):
    """A split with something of every modality."""
    random = np.random.default_rng(0)
    arrays = {
        "key": np.array([f"{i}".encode() for i in range(N)]),
        "image": random.integers(0, 256, (N, 3, 8, 6), np.uint8),
        "depth": random.random((N, 8, 6), np.float32),
        "label": random.integers(0, 4, N),
        "clip": random.integers(0, 256, (N, 5, 3, 8, 6), np.uint8),
        "waveform": random.integers(-1000, 1000, (N, 900)).astype(np.int16),
        "content": random.integers(0, 9, (N, 9)),
        "speaker": np.array([0, 4, 1, 2, 0, 3, 3]),
        "caption": random.integers(97, 123, (N, 2, 20), np.uint8),
        "first": random.integers(0, 256, (N, 3, 8, 6), np.uint8),
        "second": random.integers(0, 256, (N, 3, 8, 6), np.uint8),
        "match": random.random((N, 8, 6, 2), np.float32),
        "first_mask": random.integers(0, 2, (N, 8, 6), np.uint8),
        "second_mask": random.integers(0, 2, (N, 8, 6), np.uint8),
    }
    write_split(tmp_path / "train.h5", arrays, dataset="hand", classes=["a", "b", "c", "d"], size_px=8, rate_hz=100)
    return tmp_path / "train.h5"


@pytest.mark.parametrize("modality", ARRAYS)
def test_memory_and_file_give_equal_batches_and_properties(file, modality):
    in_memory, on_disk = open_source(file, modality, "cpu"), open_source(file, modality, "cpu", in_memory_bytes=0)
    assert isinstance(in_memory, MemorySource)
    assert isinstance(on_disk, FileSource)
    for index in (torch.tensor([5, 0, 3]), torch.tensor([6]), torch.arange(N)):
        expected, found = in_memory.rows(index), on_disk.rows(index)
        assert list(found) == list(expected)
        for name, rows in expected.items():
            assert found[name].dtype == rows.dtype
            assert torch.equal(found[name], rows)
    for fact in ("shapes", "positions", "length", "grey", "speakers", "classes", "size_px", "rate_hz", "device"):
        assert getattr(on_disk, fact) == getattr(in_memory, fact), fact
    assert len(on_disk) == len(in_memory) == N


def test_arrays_are_in_memory_up_to_the_limit(file):
    size_bytes = N * 3 * 8 * 6
    assert isinstance(open_source(file, "image", "cpu", size_bytes), MemorySource)
    assert isinstance(open_source(file, "image", "cpu", size_bytes - 1), FileSource)


@pytest.mark.parametrize("in_memory_bytes", [0, 10**9])
def test_a_split_without_the_array_is_an_input_error(file, in_memory_bytes, tmp_path):
    write_split(tmp_path / "b.h5", {"key": np.array([b"0"])}, dataset="hand", classes=[], size_px=8)
    with pytest.raises(InputError, match=r"b\.h5 has no image: hand does not provide it"):
        open_source(tmp_path / "b.h5", "image", "cpu", in_memory_bytes)


@pytest.mark.parametrize(
    ("name", "shape", "positions", "length"),
    [
        ("image", (5, 3, 8, 6), 48, 0),
        ("image", (5, 4, 8, 6), 48, 0),  # with depth
        ("clip", (5, 7, 3, 8, 6), 7 * 48, 7),
        ("waveform", (5, 900), 900, 900),
    ],
)
def test_an_example_is_counted_by_its_positions(name, shape, positions, length):
    source = MemorySource({name: torch.zeros(shape, dtype=torch.uint8), "label": torch.zeros(5)})
    assert len(source) == 5
    assert source.positions == positions
    assert source.length == length
    assert source.rows(torch.tensor([4, 0]))[name].shape == (2, *shape[1:])


def test_one_coloured_pixel_of_one_image_is_a_colour():
    image = torch.full((5000, 3, 2, 2), 7, dtype=torch.uint8)
    assert MemorySource({"image": image}).grey
    image[4999, 2, 1, 1] = 8
    assert not MemorySource({"image": image}).grey
    assert not MemorySource({"waveform": torch.zeros(3, 10)}).grey
