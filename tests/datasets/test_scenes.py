"""The data set as it is written. About 5 CPU seconds."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from selfsup.datasets.prepared import read_split
from selfsup.datasets.procedural.captions import captions
from selfsup.datasets.scenes import generate, prepare
from selfsup.errors import InputError

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module", params=[(16, False), (32, False), (64, False), (32, True)], ids=str)
def scenes(request: pytest.FixtureRequest) -> Arrays:
    """Scenes of several sizes, and of objects at any angle."""
    size_px, turned = request.param
    return generate("train", 300, size_px=size_px, seed=3, turned=turned)


def test_shapes_and_types_follow_the_contract(scenes: Arrays) -> None:
    size_px = scenes["image"].shape[-1]
    expected = {
        "image": (np.uint8, (3, size_px, size_px)),
        "label": (np.int64, ()),
        "mask": (np.uint8, (size_px, size_px)),
        "depth": (np.float32, (size_px, size_px)),
        "box": (np.float32, (4,)),
        "keypoint": (np.float32, (4, 2)),
    }
    for name, (kind, shape) in expected.items():
        assert scenes[name].dtype == kind, name
        assert scenes[name].shape == (300, *shape), name
    assert all(values.shape == (300,) for name, values in scenes.items() if name.startswith("factors/"))
    assert scenes["key"].dtype == "S72"
    assert len(set(scenes["key"])) == 300


def test_the_box_is_the_tightest_around_the_visible_pixels(scenes: Arrays) -> None:
    for mask, box in zip(scenes["mask"], scenes["box"], strict=True):
        rows, columns = np.nonzero(mask)
        assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_depth_puts_distractors_object_and_background_behind_each_other(scenes: Arrays) -> None:
    depth, mask = scenes["depth"], scenes["mask"] == 1
    assert 0 < depth.min() < depth.max() <= 1
    assert 0.2 < depth[mask].min() < depth[mask].max() < 0.65
    lonely = scenes["factors/distractors"] == 0
    assert depth[lonely][~mask[lonely]].min() >= 0.8
    nearer = (depth < 0.2).any((1, 2))
    assert nearer.any()
    assert (scenes["factors/distractors_in_front"][nearer] > 0).all()


def test_objects_are_rounded_towards_the_camera(scenes: Arrays) -> None:
    relief = [np.ptp(depth[mask == 1]) for depth, mask in zip(scenes["depth"], scenes["mask"], strict=True)]
    assert min(relief) > 0.01


def test_keypoints_are_inside_the_image_and_lie_on_the_object(scenes: Arrays) -> None:
    size_px, cup = scenes["image"].shape[-1], 5
    point, mask = scenes["keypoint"], scenes["mask"]
    shown = ~np.isnan(point[..., 0])
    assert np.array_equal(shown, ~np.isnan(point[..., 1]))
    assert shown.any(1).all()
    assert ((point[shown] >= 0) & (point[shown] < size_px)).all()
    example, index = np.nonzero(shown)
    solid = ~((scenes["label"][example] == cup) & (index == 0))  # a handle's centre is its hole
    x, y = point[example[solid], index[solid]].astype(int).T
    assert mask[example[solid], y, x].mean() > 0.97  # thin sticks may miss a pixel's centre


def test_keypoints_behind_a_distractor_are_hidden(scenes: Arrays) -> None:
    point, depth = scenes["keypoint"], scenes["depth"]
    example, index = np.nonzero(~np.isnan(point[..., 0]))
    x, y = point[example, index].astype(int).T
    assert depth[example, y, x].min() > 0.2
    parts = np.array([2, 3, 2, 2, 2, 2, 4, 2, 2, 3])[scenes["label"]]
    hidden = (~np.isnan(point[..., 0])).sum(1) < parts
    alone = scenes["factors/distractors_in_front"] == 0
    assert hidden[~alone].mean() > 0.03
    assert hidden[alone].mean() < 0.02  # those that jitter moved out of the image


def test_classes_are_balanced(scenes: Arrays) -> None:
    assert np.bincount(scenes["label"]).tolist() == [30] * 10


def test_a_smaller_set_is_the_beginning_of_a_larger_one_whatever_the_threads() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    larger = generate("train", 250, size_px=32, seed=0)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    smaller = generate("train", 130, size_px=32, seed=0)
    for name, values in smaller.items():
        assert np.array_equal(values, larger[name][:130], equal_nan=values.dtype.kind == "f"), name


def test_splits_and_seeds_share_no_scene_and_sizes_share_all_factors() -> None:
    which = [("train", 32, 0), ("test", 32, 0), ("train", 32, 1), ("train", 16, 0)]
    sets = [generate(split, 100, size_px=size_px, seed=seed) for split, size_px, seed in which]
    keys = np.concatenate([arrays["key"] for arrays in sets])
    assert len(set(keys.tolist())) == 400
    hues = [arrays["factors/hue"] for arrays in sets]
    assert np.array_equal(hues[0], hues[3])
    assert not np.isin(hues[0], np.concatenate(hues[1:3])).any()


def test_equal_recipes_give_equal_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        prepare(tmp_path / name, size_px=32, train_examples=120, test_examples=30, seed=1)
        written.append([(tmp_path / name / f"{split}.h5").read_bytes() for split in ("train", "test")])
    assert written[0] == written[1]
    split = read_split(tmp_path / "first" / "test.h5", ("image",))
    assert split.arrays["image"].shape == (30, 3, 32, 32)
    assert split.classes[:3] == ["tree", "house", "mushroom"]


def test_the_factors_are_the_ones_that_were_published() -> None:
    """Pixels may differ in a last bit between processors; what was drawn may not."""
    arrays = generate("test", 100, size_px=16, seed=0)
    seen = hashlib.sha256()
    for name in ("factors/material", "factors/background", "factors/distractors", "factors/flip", "label"):
        seen.update(arrays[name].astype(np.int8).tobytes())
    for name in ("factors/hue", "factors/scale", "factors/position_x", "factors/light_strength"):
        seen.update(np.round(arrays[name] * 1e4).astype(np.int32).tobytes())
    assert seen.hexdigest() == "06ea6051c08010c8fae761e5142a1e5fad2c9d2905c6bce3189dbb34a678103f"


@pytest.mark.parametrize(("typical_surfaces", "low", "high"), [(False, 0.08, 0.15), (True, 0.2, 0.4)])
def test_colours_alone_tell_the_class_only_of_typical_surfaces(typical_surfaces: bool, low: float, high: float) -> None:
    """The accuracies of docs/data.md: chance is 0.1."""
    train, test = (
        generate(split, examples, size_px=32, seed=0, typical_surfaces=typical_surfaces)
        for split, examples in (("train", 2000), ("test", 1000))
    )
    scale = StandardScaler().fit(_histograms(train["image"]))
    probe = LogisticRegression(C=0.1, max_iter=300)
    probe.fit(scale.transform(_histograms(train["image"])), train["label"])
    assert low < probe.score(scale.transform(_histograms(test["image"])), test["label"]) < high


def test_variants_are_the_same_scenes_turned_or_repainted() -> None:
    plain, turned, natural = (
        generate("test", 100, size_px=32, seed=0, **variant)
        for variant in ({}, {"turned": True}, {"typical_surfaces": True})
    )
    shape = ("mask", "box", "depth", "keypoint", "label", "factors/rotation_deg", "factors/light_angle_deg")
    assert all(np.array_equal(plain[name], natural[name], equal_nan=name == "keypoint") for name in shape)
    outside = (plain["mask"] + turned["mask"] == 0) & (plain["factors/distractors"] == 0)[:, None, None]
    difference = np.abs(plain["image"].astype(int) - turned["image"]).max(1)[outside]
    assert (difference <= 1).mean() > 0.9  # the background is the same, up to the objects' soft edges
    assert not set(plain["key"]) & set(turned["key"])
    assert np.mean(plain["key"] == natural["key"]) < 0.2  # whose material and hue are those of the class by chance


def test_a_turned_object_is_the_upright_one_turned_about_its_position() -> None:
    """Keypoints of both, relative to the position, have the angle between them that was recorded."""
    plain, turned = (generate("test", 100, size_px=64, seed=0, turned=turned) for turned in (False, True))
    position = np.stack([plain["factors/position_x"], plain["factors/position_y"]], 1)[:, None]
    one, other = ((arrays["keypoint"] / 64 * 2 - 1 - position) @ np.array([1, 1j]) for arrays in (plain, turned))
    angle = np.deg2rad(turned["factors/rotation_deg"] - plain["factors/rotation_deg"])[:, None]
    shown = ~np.isnan(one) & ~np.isnan(other)
    assert shown.any(1).sum() > 80
    assert np.abs(one * np.exp(1j * angle) - other)[shown].max() < 1e-3


def test_captions_are_right_under_any_angle() -> None:
    plain, turned = (generate("test", 100, size_px=16, seed=0, turned=turned) for turned in (False, True))
    said = [captions(arrays, 4, np.random.default_rng(0)) for arrays in (plain, turned)]
    assert said[0] == said[1]
    middle = (turned["box"][:, :2] + turned["box"][:, 2:]) / 16 - 1
    for text, (x, y) in zip((" ".join(texts) for texts in said[1]), middle, strict=True):
        assert not ("on the left" in text and x > 0.3)
        assert not ("at the top" in text and y > 0.3)


def test_too_small_a_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="size_px is 8"):
        prepare(tmp_path, size_px=8, train_examples=10, test_examples=10)
    assert not list(tmp_path.iterdir())


def _histograms(images: np.ndarray) -> np.ndarray:
    """Return the fraction of pixels (N, 64) in each of 4 x 4 x 4 colours."""
    levels = images.astype(np.int64) // 64
    bins = (levels[:, 0] * 16 + levels[:, 1] * 4 + levels[:, 2]).reshape(len(images), -1)
    return np.stack([np.bincount(row, minlength=64) for row in bins]) / bins.shape[1]
