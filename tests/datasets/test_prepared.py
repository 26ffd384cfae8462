import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from selfsup.datasets.prepared import has, read, read_split, write_split
from selfsup.errors import InputError

ARRAYS = {
    "image": np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4),
    "key": np.array([b"a", b"b"], "S72"),
    "label": np.array([1, 0]),
    "factors/hue": np.array([0.25, 0.5], np.float32),
}


def write(path: Path, arrays: dict[str, np.ndarray] = ARRAYS) -> Path:
    write_split(path, arrays, dataset="folder", classes=["chat", "chien"], size_px=4)
    return path


def test_a_split_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path / "new" / "train.h5")
    split = read_split(path, ("image", "label"))
    assert list(split.arrays) == ["image", "label"]
    assert np.array_equal(split.arrays["image"], ARRAYS["image"])
    assert split.key.tolist() == [b"a", b"b"]
    assert split.arrays["label"].tolist() == [1, 0]
    assert (split.dataset, split.classes, split.size_px, split.rate_hz) == ("folder", ["chat", "chien"], 4, 0)
    assert np.array_equal(read(path, "image"), ARRAYS["image"])
    assert read(path, "factors/hue").tolist() == [0.25, 0.5]


def test_what_a_split_has_not_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "train.h5", {name: ARRAYS[name] for name in ("image", "key")})
    assert has(path, "image")
    assert not has(path, "label")
    with pytest.raises(InputError, match=r"train\.h5 has no label: folder does not provide it"):
        read_split(path, ("image", "label"))


def test_sound_has_a_rate(tmp_path: Path) -> None:
    arrays = {"waveform": np.arange(6, dtype=np.int16).reshape(2, 3), "key": ARRAYS["key"]}
    write_split(tmp_path / "train.h5", arrays, dataset="voice", classes=[], size_px=0, rate_hz=8000)
    split = read_split(tmp_path / "train.h5", ("waveform",))
    assert np.array_equal(split.arrays["waveform"], arrays["waveform"])
    assert (split.size_px, split.rate_hz) == (0, 8000)


def test_depth_is_a_fourth_channel_where_it_is_asked_for(tmp_path: Path) -> None:
    depth = np.linspace(0, 1, 2 * 4 * 4, dtype=np.float32).reshape(2, 4, 4)
    path = write(tmp_path / "deep.h5", {**ARRAYS, "depth": depth})
    image = read_split(path, ("image",), with_depth=True).arrays["image"]
    assert image.dtype == np.uint8
    assert np.array_equal(image[:, :3], ARRAYS["image"])
    assert np.abs(image[:, 3] / 255 - depth).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(read_split(path, ("image",)).arrays["image"], ARRAYS["image"])
    with pytest.raises(InputError, match=r"flat\.h5 has no depth"):
        read_split(write(tmp_path / "flat.h5"), ("image",), with_depth=True)


def test_bytes_depend_on_neither_the_clock_nor_the_order_of_the_arrays(tmp_path: Path) -> None:
    first = write(tmp_path / "first.h5").read_bytes()
    time.sleep(1.1)  # HDF5's object times count seconds
    second = write(tmp_path / "second.h5", dict(reversed(ARRAYS.items()))).read_bytes()
    assert first == second


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EACCES, "make .* writable")],
)
def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    path = write(tmp_path / "train.h5")
    before = path.read_bytes()

    def refuse(*_: int) -> None:
        raise OSError(number, "as a disk would")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(InputError, match=message):
        write(path, ARRAYS | {"label": np.array([0, 0])})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
