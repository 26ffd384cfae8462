"""Videos without labels: clips in the order of the videos' hashes, from folders of frames and from files."""

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.kinetics import prepare, register
from selfsup.datasets.prepared import has, read
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

KEYS = {"size_px": 16, "frames": 3, "frame_step": 2}


def write_video(folder, frames=6, seed=0):
    folder.mkdir(parents=True)
    draws = np.random.default_rng(seed)
    for number in range(frames):
        pixels = draws.integers(0, 255, (20, 32, 3), dtype=np.uint8)
        pixels[:, :, 0] = 40 * number
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "kinetics"
    for seed in range(3):
        write_video(root / "train" / "dance" / f"v{seed}", seed=seed)
    write_video(root / "val" / "run" / "w", seed=9)
    return root


def test_clips_are_every_second_frame_from_the_start(root, tmp_path):
    prepare(tmp_path / "p", root=root, lock=register(root), **KEYS)
    clip = read(tmp_path / "p" / "train.h5", "clip")
    assert clip.shape == (3, 3, 3, 16, 16)
    assert [clip[:, frame, 0].mean() for frame in range(3)] == pytest.approx([0, 80, 160], abs=1)
    assert read(tmp_path / "p" / "test.h5", "clip").shape == (1, 3, 3, 16, 16)
    assert not any(has(tmp_path / "p" / "test.h5", name) for name in ("label", "mask", "keypoint"))


def test_names_do_not_matter_and_fewer_are_the_first(root, tmp_path):
    lock = register(root)
    (root / "train" / "dance").rename(root / "train" / "else")
    assert register(root) == lock
    prepare(tmp_path / "p", root=root, lock=lock, **KEYS)
    prepare(tmp_path / "q", root=root, lock=lock, train_examples=2, **KEYS)
    assert np.array_equal(read(tmp_path / "q" / "train.h5", "clip"), read(tmp_path / "p" / "train.h5", "clip")[:2])


def test_what_is_wrong_is_named(root, tmp_path):
    lock = register(root)
    with pytest.raises(InputError, match=r"v\d has fewer than 11 frames"):
        prepare(tmp_path / "p", root=root, lock=lock, **{**KEYS, "frames": 6})
    with pytest.raises(InputError, match="train_examples is 4"):
        prepare(tmp_path / "p", root=root, lock=lock, train_examples=4, **KEYS)
    write_video(root / "train" / "new", seed=5)
    with pytest.raises(InputError, match=r"the split train of .* is not the one in params/data/kinetics\.lock"):
        prepare(tmp_path / "p", root=root, lock=lock, **KEYS)
