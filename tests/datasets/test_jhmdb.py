"""JHMDB's layout: joints in the pixels of the prepared frames, and what is wrong with files."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from selfsup.datasets.jhmdb import prepare, register
from selfsup.datasets.prepared import has, read
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

KEYS = {"height_px": 24, "size_px": 16, "frames": 4, "train_examples": 2}


@pytest.fixture
def root(tmp_path):
    """One action, two test videos of 4 and 5 frames and one training video."""
    root = tmp_path / "jhmdb"
    (root / "splits").mkdir(parents=True)
    (root / "splits" / "wave_test_split1.txt").write_text("a.avi 2\nb.avi 1\nc.avi 2\n")
    for seed, (name, frames) in enumerate({"a": 4, "b": 4, "c": 5}.items()):
        folder, joints = root / "Rename_Images" / "wave" / name, root / "joint_positions" / "wave" / name
        folder.mkdir(parents=True)
        joints.mkdir(parents=True)
        draws = np.random.default_rng(seed)
        for number in range(1, frames + 1):
            pixels = draws.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:05d}.png")
        positions = np.zeros((2, 15, frames))
        positions[0] = np.arange(1, 16)[:, None] + 2 * np.arange(frames)
        positions[1] = 11
        positions[0, 14] = 90  # outside
        savemat(joints / "joint_positions.mat", {"pos_img": positions})
    return root


def test_joints_lie_in_the_prepared_frames(root, tmp_path):
    prepare(tmp_path / "p", root=root, lock=register(root), **KEYS)
    test = tmp_path / "p" / "test.h5"
    clip, keypoint, length = (read(test, name) for name in ("clip", "keypoint", "length"))
    assert clip.shape == (2, 5, 3, 24, 32)
    assert keypoint.shape == (2, 5, 15, 2)
    assert sorted(length.tolist()) == [4, 5]
    assert not has(test, "mask")
    long = int(length.argmax())
    # MATLAB's pixel 3 is centred at 2.5 from the border; half the size is 1.25.
    assert keypoint[long, 0, 2].tolist() == pytest.approx([1.25, 5.25])
    assert keypoint[long, 3, 2].tolist() == pytest.approx([4.25, 5.25])
    assert np.isnan(keypoint[:, 0, 14]).all()
    assert np.isnan(keypoint[1 - long, 4]).all()


def test_what_is_wrong_is_named(root):
    joints = root / "joint_positions/wave/a/joint_positions.mat"
    kept = joints.read_bytes()
    joints.write_bytes(b"no mat")
    with pytest.raises(InputError, match=r"a/joint_positions\.mat has no joint positions"):
        register(root)
    joints.unlink()
    with pytest.raises(InputError, match=r"a/joint_positions\.mat is missing"):
        register(root)
    joints.write_bytes(kept)
    (root / "Rename_Images/wave/a/00004.png").unlink()
    with pytest.raises(InputError, match=r"a has 3 frames, but .* 4"):
        register(root)
    for file in (root / "splits").iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"test_split1\.txt"):
        register(root)
