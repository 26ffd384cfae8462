"""The procedural clips as they are written: what moves, what hides what, and that equal arguments give equal clips."""

import numpy as np
import pytest
import torch

from selfsup.datasets.moving_scenes import generate, prepare
from selfsup.datasets.prepared import has, read_split
from selfsup.errors import InputError


@pytest.fixture(scope="module")
def clips():
    return generate("test", 60, frames=6, size_px=32, seed=3)


def test_shapes_and_types_follow_the_contract(clips):
    assert {name: (str(x.dtype), x.shape) for name, x in clips.items()} == {
        "clip": ("uint8", (60, 6, 3, 32, 32)),
        "mask": ("uint8", (60, 6, 32, 32)),
        "keypoint": ("float32", (60, 6, 4, 2)),
        "key": ("|S72", (60,)),
    }
    assert len(set(clips["key"])) == 60
    assert set(np.unique(clips["mask"])) == {0, 1, 2}


def test_training_has_clips_and_no_truth(tmp_path):
    prepare(tmp_path, size_px=16, frames=4, train_examples=5, test_examples=3)
    train, test = (tmp_path / f"{split}.h5" for split in ("train", "test"))
    assert [has(train, name) for name in ("clip", "mask", "keypoint", "label")] == [True, False, False, False]
    assert [has(test, name) for name in ("clip", "mask", "keypoint", "label")] == [True, True, True, False]
    split = read_split(test, ["clip"])
    assert (split.size_px, split.classes, split.dataset) == (16, [], "moving_scenes")
    assert not set(split.key) & set(read_split(train, []).key)


def test_a_smaller_set_and_a_shorter_clip_are_beginnings(clips):
    fewer = generate("test", 10, frames=6, size_px=32, seed=3)
    assert all(np.array_equal(fewer[name], clips[name][:10], equal_nan=name == "keypoint") for name in fewer)
    shorter = generate("test", 10, frames=4, size_px=32, seed=3)
    assert np.array_equal(shorter["mask"], clips["mask"][:10, :4])
    assert not np.array_equal(generate("test", 10, frames=4, size_px=32, seed=4)["clip"], shorter["clip"])


def test_everything_moves(clips):
    mask = clips["mask"]
    for number in (1, 2):
        there = [(mask[:, frame] == number).sum((1, 2)) for frame in (0, 5)]
        same = ((mask[:, 0] == number) & (mask[:, 5] == number)).sum((1, 2))
        assert np.median(same / np.maximum(np.maximum(*there), 1)) < 0.5
    background = (mask == 0)[:, :, None] & (clips["clip"] >= 0)
    still = background.all(1, keepdims=True).repeat(6, 1)
    change = np.abs(np.diff(clips["clip"].astype(int), axis=1))[still[:, 1:]]
    assert change.mean() > 2


def test_objects_hide_each_other_and_come_back(clips):
    area = np.stack([(clips["mask"] == number).sum((2, 3)) for number in (1, 2)])
    lost = area.min(2) < 0.6 * area.max(2)
    assert 0.1 < lost.mean() < 0.9
    assert (area[0] > 0).mean() > 0.95


def test_visible_keypoints_lie_on_their_object_or_beside_its_thin_parts(clips):
    seen = ~np.isnan(clips["keypoint"]).any(-1)
    assert 0.3 < seen.mean() < 0.75  # most classes have two or three of four parts
    n, t, k = np.nonzero(seen)
    column, row = np.floor(clips["keypoint"][n, t, k]).astype(int).T
    assert row.min() >= 0
    assert max(row.max(), column.max()) < 32
    assert (clips["mask"][n, t, row, column] == 1).mean() > 0.8
    assert (clips["mask"][n, t, row, column] == 2).mean() < 0.01


def test_one_or_two_threads_give_equal_clips():
    torch.set_num_threads(2)
    two = generate("train", 10, frames=3, size_px=32, seed=0)
    torch.set_num_threads(1)
    one = generate("train", 10, frames=3, size_px=32, seed=0)
    assert np.array_equal(one["clip"], two["clip"])


@pytest.mark.parametrize(("key", "value"), [("size_px", 8), ("frames", 2)])
def test_what_cannot_be_made_is_said(tmp_path, key, value):
    with pytest.raises(InputError, match=f"{key} is {value}"):
        prepare(tmp_path, train_examples=2, test_examples=2, **{key: value})
