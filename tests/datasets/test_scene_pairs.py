"""Pairs of images with exact correspondences. About 8 CPU seconds."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup.datasets import scenes
from selfsup.datasets.prepared import read
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.pairs import KINDS, SAME_CLASS, SAME_OBJECT, TWO_OBJECTS, sample_pairs
from selfsup.datasets.scene_pairs import CHUNK, STREAMS, generate, prepare
from selfsup.errors import InputError

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module", params=[32, 64])
def pairs(request: pytest.FixtureRequest) -> Arrays:
    return generate("train", 200, size_px=request.param, seed=3)


def matched(pairs: Arrays, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixel centres (P, 2) of the first image that have a match, and their places in the second."""
    line, column = np.nonzero(~np.isnan(pairs["match"][row, ..., 0]))
    return np.stack([column, line], 1) + 0.5, pairs["match"][row, line, column]


def test_shapes_and_types_follow_the_contract(pairs: Arrays) -> None:
    size_px = pairs["first"].shape[-1]
    expected = {
        **dict.fromkeys(("first", "second"), (np.uint8, (3, size_px, size_px))),
        **dict.fromkeys(("first_mask", "second_mask"), (np.uint8, (size_px, size_px))),
        "match": (np.float32, (size_px, size_px, 2)),
        **dict.fromkeys(("first_keypoint", "second_keypoint"), (np.float32, (4, 2))),
        "kind": (np.uint8, ()),
        "label": (np.int64, ()),
    }
    assert set(pairs) == {*expected, "key"}
    for name, (kind, shape) in expected.items():
        assert pairs[name].dtype == kind, name
        assert pairs[name].shape == (200, *shape), name
    assert len(set(pairs["key"])) == 200


def test_kinds_are_half_one_object_a_quarter_each_of_the_others(pairs: Arrays) -> None:
    assert np.bincount(pairs["kind"]).tolist() == [100, 50, 50]
    assert np.bincount(pairs["label"]).tolist() == [20] * 10
    numbers = {kind: (set(), set()) for kind in range(3)}
    for kind, *sides in zip(pairs["kind"], pairs["first_mask"], pairs["second_mask"], strict=True):
        for seen, mask in zip(numbers[int(kind)], sides, strict=True):
            seen |= set(np.unique(mask).tolist())
    assert numbers == {SAME_OBJECT: ({0, 1}, {0, 1}), SAME_CLASS: ({0, 1}, {0, 2}), TWO_OBJECTS: ({0, 1, 2},) * 2}


def test_a_match_is_on_the_object_that_stands_for_it_and_nothing_else_has_one(pairs: Arrays) -> None:
    for row, kind in enumerate(pairs["kind"]):
        first, second = matched(pairs, row)
        (column, line), (x, y) = first.astype(int).T, second.astype(int).T
        number = pairs["first_mask"][row, line, column]
        met = pairs["second_mask"][row, y, x]
        assert (number > 0).all()
        assert np.array_equal(met, np.full_like(number, 2) if kind == SAME_CLASS else number)
        assert np.isnan(pairs["match"][row][pairs["first_mask"][row] == 0]).all()


def test_an_objects_matches_are_one_affine_map_that_mirrors_nothing(pairs: Arrays) -> None:
    """Turn, scale, aspect and place of two views make an affine map; of one object it never mirrors."""
    turns = []
    for row in np.nonzero(pairs["kind"] == SAME_OBJECT)[0]:
        first, second = matched(pairs, row)
        design = np.concatenate([first, np.ones((len(first), 1))], 1)
        law, *_ = np.linalg.lstsq(design, second, rcond=None)
        assert np.abs(design @ law - second).max() < 1e-3
        assert np.linalg.det(law[:2]) > 0
        turns.append(np.degrees(np.arctan2(law[0, 1], law[0, 0])))
    assert np.abs(turns).max() > 35
    assert np.std(turns) > 15


def test_a_point_looks_the_same_in_both_views(pairs: Arrays) -> None:
    """But for light and noise: its colour, less the object's mean, is nearer to that of its match than to another's."""
    mine, other = [], []
    for row in np.nonzero(pairs["kind"] == SAME_OBJECT)[0]:
        first, second = matched(pairs, row)
        (column, line), (x, y) = first.astype(int).T, second.astype(int).T
        one = pairs["first"][row][:, line, column].astype(float)
        two = pairs["second"][row][:, y, x].astype(float)
        one, two = one - one.mean(1, keepdims=True), two - two.mean(1, keepdims=True)
        mine.append(np.abs(one - two).mean())
        other.append(np.abs(one - np.roll(two, len(first) // 2, 1)).mean())
    assert np.mean(mine) < 0.75 * np.mean(other)


def test_some_of_an_object_is_hidden_or_outside_in_the_other_view(pairs: Arrays) -> None:
    shown = pairs["first_mask"] > 0
    known = ~np.isnan(pairs["match"][..., 0])
    lost = 1 - known.sum((1, 2)) / shown.sum((1, 2))
    assert 0.03 < lost.mean() < 0.3
    assert lost.max() > 0.3
    assert (known.sum((1, 2)) > 0).mean() > 0.98


def test_keypoints_lie_on_their_object_and_match_each_other(pairs: Arrays) -> None:
    size_px = pairs["first"].shape[-1]
    for row, kind in enumerate(pairs["kind"]):
        one, two = pairs["first_keypoint"][row], pairs["second_keypoint"][row]
        for points, side, number in ((one, "first", 1), (two, "second", 2 if kind == SAME_CLASS else 1)):
            x, y = points[~np.isnan(points[:, 0])].astype(int).T
            assert (pairs[f"{side}_mask"][row, y, x] == number).all()
        both = ~np.isnan(one[:, 0] + two[:, 0])
        if kind != SAME_CLASS:
            x, y = one[both].astype(int).T
            off = pairs["match"][row, y, x] - two[both]
            known = ~np.isnan(off[:, 0])
            assert np.abs(off[known]).max(initial=0) < 0.06 * size_px  # a keypoint is no pixel's centre
    shared = ~np.isnan(pairs["first_keypoint"][..., 0] + pairs["second_keypoint"][..., 0])
    assert shared.sum(1).mean() > 1.8
    handle = shared[pairs["label"] == CLASSES.index("cup"), 0]
    assert not handle.any()  # its centre is the hole


def test_two_views_differ_in_light_and_background(pairs: Arrays) -> None:
    behind = [
        pairs[side].transpose(0, 2, 3, 1)[(pairs["first_mask"] == 0) & (pairs["second_mask"] == 0)].astype(float)
        for side in ("first", "second")
    ]
    assert np.corrcoef(behind[0].ravel(), behind[1].ravel())[0, 1] < 0.8


def test_a_smaller_set_is_the_beginning_of_a_larger_one_whatever_the_threads() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    larger = generate("train", 110, size_px=32, seed=0)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    smaller = generate("train", 30, size_px=32, seed=0)
    for name, values in smaller.items():
        assert np.array_equal(values, larger[name][:30], equal_nan=values.dtype.kind == "f"), name


def test_splits_and_seeds_share_no_pair_and_no_object_of_the_scenes() -> None:
    sets = [generate(split, 100, size_px=32, seed=seed) for split, seed in (("train", 0), ("test", 0), ("train", 1))]
    keys = np.concatenate([arrays["key"] for arrays in sets])
    assert len(set(keys.tolist())) == 300
    alone = scenes.generate("train", 100, size_px=32, seed=0)["label"]
    assert not any(np.array_equal(arrays["label"], alone) for arrays in sets)


def test_equal_recipes_give_equal_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        prepare(tmp_path / name, size_px=32, train_examples=60, test_examples=20, seed=1)
        written.append([(tmp_path / name / f"{split}.h5").read_bytes() for split in ("train", "test")])
    assert written[0] == written[1]
    assert read(tmp_path / "first" / "test.h5", "match").shape == (20, 32, 32, 2)


def test_what_is_drawn_is_what_was_published() -> None:
    """Pixels may differ in a last bit between processors; what was drawn may not."""
    pairs = sample_pairs(np.random.default_rng([0, STREAMS["test"], 0]), CHUNK)
    seen = hashlib.sha256()
    for values in (pairs.kind, pairs.label, pairs.counterpart):
        seen.update(values.numpy().astype(np.int8).tobytes())
    for view in (pairs.first, pairs.second):
        for pose in (thing.pose for thing in view.objects):
            for values in (pose.position, pose.rotation_rad, pose.scale, pose.aspect, pose.flip):
                seen.update(np.round(values.numpy() * 1e4).astype(np.int32).tobytes())
        seen.update(np.round(view.light.numpy() * 1e4).astype(np.int32).tobytes())
    assert seen.hexdigest() == "9b01fa064fb4b1f978b6b03b1d945dcc54a1b6d4641743e9f385d5b7200224cd"


def test_too_small_a_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="size_px is 24"):
        prepare(tmp_path, size_px=24, train_examples=10, test_examples=10)
    assert not list(tmp_path.iterdir())
    assert KINDS[SAME_CLASS] == "same_class"
