"""Pairs out of any folder of images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets import folder
from selfsup.datasets.folder_pairs import prepare, register
from selfsup.datasets.prepared import read
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

ARRAYS = ("first", "second", "match", "first_mask", "second_mask", "key")


def smooth(seed: int, width: int, height: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Twelve unlabelled images of different sizes."""
    root = tmp_path / "photographs"
    root.mkdir()
    for seed in range(12):
        smooth(seed, 40 + seed, 36).save(root / f"{seed:02d}.png")
    return root


def prepared(root: Path, name: str = "prepared", **recipe: Any) -> dict[str, dict[str, np.ndarray]]:
    place = root.parent / name
    prepare(place, root=root, lock=register(root), **{"size_px": 32, **recipe})
    return {split: {a: read(place / f"{split}.h5", a) for a in ARRAYS} for split in ("train", "test")}


def test_pairs_have_the_arrays_of_the_contract(photographs: Path) -> None:
    splits = prepared(photographs)
    assert {split: len(arrays["key"]) for split, arrays in splits.items()} == {"train": 9, "test": 3}
    train = splits["train"]
    assert train["second"].shape == (9, 3, 32, 32)
    assert train["match"].dtype == np.float32
    assert (train["first_mask"] == 1).all()
    assert set(np.unique(train["second_mask"])) == {0, 1}
    assert (train["second"].transpose(0, 2, 3, 1)[train["second_mask"] == 0] == 0).all()
    known = ~np.isnan(train["match"][..., 0])
    assert known.any((1, 2)).all()
    assert 0.3 < known.mean() < 1


def test_first_images_are_those_of_the_folder(photographs: Path) -> None:
    pairs = prepared(photographs)
    place = photographs.parent / "images"
    folder.prepare(place, root=photographs, lock=folder.register(photographs), size_px=32)
    for split, arrays in pairs.items():
        assert np.array_equal(arrays["first"], read(place / f"{split}.h5", "image"))
        assert arrays["key"].tolist() == read(place / f"{split}.h5", "key").tolist()


def test_without_light_and_noise_a_match_has_the_same_colour(photographs: Path) -> None:
    train = prepared(photographs, light=0.0, noise=0.0)["train"]
    for first, second, match, inside in zip(
        train["first"], train["second"], train["match"], train["second_mask"], strict=True
    ):
        line, column = np.nonzero(~np.isnan(match[..., 0]))
        x, y = match[line, column].astype(int).T
        shown = inside[y, x] == 1
        off = first[:, line, column].astype(int) - second[:, y, x]
        assert np.abs(off[:, shown]).mean() < 12  # half a pixel on a smooth image
    assert not np.array_equal(train["second"], prepared(photographs, "lit")["train"]["second"])


def test_equal_files_give_equal_bytes_and_others_change_nothing(photographs: Path) -> None:
    before = prepared(photographs)
    again = prepared(photographs, "again")
    for split, arrays in before.items():
        for name, values in arrays.items():
            same = again[split][name]
            assert np.array_equal(values, same, equal_nan=values.dtype.kind == "f")
    smooth(77, 40, 40).save(photographs / "new.png")
    more = prepared(photographs, "more")
    both = {key: n for n, key in enumerate(more["train"]["key"].tolist())}
    for n, key in enumerate(before["train"]["key"].tolist()):
        if key in both:
            assert np.array_equal(before["train"]["second"][n], more["train"]["second"][both[key]])
    assert not np.array_equal(prepared(photographs, "other", seed=1)["train"]["match"], more["train"]["match"])


def test_a_number_keeps_the_first_so_many(photographs: Path) -> None:
    whole, few = prepared(photographs)["train"], prepared(photographs, "few", train_examples=4)["train"]
    assert np.array_equal(whole["second"][:4], few["second"])
    with pytest.raises(InputError, match=r"test_examples is 9, but .*photographs has only 3; lower it"):
        prepared(photographs, "many", test_examples=9)


def test_an_image_too_small_is_named(photographs: Path) -> None:
    smooth(99, 60, 31).save(photographs / "tiny.png")
    with pytest.raises(InputError, match=r"tiny\.png has 60x31 pixels, fewer than size_px, 32; remove it"):
        prepared(photographs)


def test_a_corrupt_image_is_named(photographs: Path) -> None:
    lock = register(photographs)
    (photographs / "03.png").write_bytes((photographs / "03.png").read_bytes()[:200])
    for call in (register, lambda root: prepare(root.parent / "x", root=root, lock=lock, size_px=32)):
        with pytest.raises(InputError, match=r"03\.png cannot be decoded as an image; replace or remove it"):
            call(photographs)
    assert not (photographs.parent / "x").exists()


def test_other_files_than_those_locked_are_refused(photographs: Path) -> None:
    lock = register(photographs)
    smooth(50, 40, 40).save(photographs / "late.png")
    with pytest.raises(InputError, match=r"register them again with `selfsup register photographs`"):
        prepare(photographs.parent / "x", root=photographs, lock=lock, size_px=32)


def test_labels_are_kept_where_there_are_class_folders(tmp_path: Path) -> None:
    for number, name in enumerate(("duck", "owl")):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for seed in range(5):
            smooth(10 * number + seed, 40, 40).save(tmp_path / "birds" / name / f"{seed}.png")
    prepared(tmp_path / "birds")
    labels = np.concatenate([read(tmp_path / "prepared" / f"{split}.h5", "label") for split in ("train", "test")])
    assert np.bincount(labels).tolist() == [5, 5]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"test_fraction": 1.5}, "test_fraction is 1.5; set it between 0 and 1"),
        ({"corner_shift": 0.3}, "corner_shift is 0.3, so that corners may cross; set it below 0.25"),
        ({"scale_min": 1.2}, "scale_min is 1.2, but scales run from it to its inverse; set it to 1 or less"),
    ],
)
def test_impossible_keys_are_said(photographs: Path, recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepared(photographs, **recipe)
