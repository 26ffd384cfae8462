"""Captioned scenes: what training sees, what is held out of it, and that neither image nor caption betrays it."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from selfsup.datasets.captioned_scenes import (
    CLASSES,
    HELD_OUT_CLASS,
    HELD_OUT_CLASSES,
    HELD_OUT_COMBINATION,
    SEEN,
    generate,
    novelty,
    prepare,
)
from selfsup.errors import InputError

Arrays = dict[str, np.ndarray]


def texts(arrays: Arrays) -> list[list[str]]:
    return [[bytes(text).rstrip(b"\0").decode() for text in own] for own in arrays["caption"]]


@pytest.fixture(scope="module")
def splits() -> dict[str, Arrays]:
    counts = {"train": 600, "test": 300, "held_out_classes": 60}
    return {split: generate(split, n, size_px=16, phrasings=4, seed=3) for split, n in counts.items()}


def test_shapes_and_types_follow_the_contract(splits: dict[str, Arrays]) -> None:
    train = splits["train"]
    assert train["image"].shape == (600, 3, 16, 16)
    assert (train["caption"].dtype, train["caption"].shape[:2]) == (np.uint8, (600, 4))
    assert (train["label"].dtype, train["label"].max()) == (np.int64, len(CLASSES) - 1)
    assert {"factors/material", "factors/background", "novelty", "key"} <= train.keys()
    keys = np.concatenate([arrays["key"] for arrays in splits.values()])
    assert len(set(keys.tolist())) == 960
    assert np.bincount(train["label"]).min() > 600 / len(CLASSES) * 0.6


def test_training_has_no_held_out_combination_and_the_test_set_has_them(splits: dict[str, Arrays]) -> None:
    def combinations(arrays: Arrays) -> set[tuple[int, ...]]:
        return set(zip(arrays["label"], arrays["factors/material"], arrays["factors/background"], strict=True))

    assert set(splits["train"]["novelty"]) == {SEEN}
    assert set(splits["test"]["novelty"]) == {SEEN, HELD_OUT_COMBINATION}
    held_out = splits["test"]["novelty"] == HELD_OUT_COMBINATION
    assert 0.12 < held_out.mean() < 0.28
    unseen = combinations({name: values[held_out] for name, values in splits["test"].items()})
    assert not unseen & combinations(splits["train"])


def test_every_pair_of_factors_is_seen_in_training() -> None:
    label, material, background = (grid.ravel() for grid in np.mgrid[: len(CLASSES), :5, :4])
    kind = novelty(label, material, background)
    assert (kind == HELD_OUT_COMBINATION).sum() == len(kind) // 5
    seen = kind == SEEN
    for first, second, pairs in ((label, material, 40), (label, background, 32), (material, background, 20)):
        assert len(set(zip(first[seen], second[seen], strict=True))) == pairs
    assert set(novelty(np.array([8, 9]), np.array([0, 1]), np.array([0, 0]))) == {HELD_OUT_CLASS}


def test_held_out_classes_are_neither_shown_nor_named_in_training(splits: dict[str, Arrays]) -> None:
    for split in ("train", "test"):
        words = {word for own in texts(splits[split]) for text in own for word in text.replace(",", "").split()}
        assert not words & set(HELD_OUT_CLASSES)
        assert set(CLASSES) <= words
    assert set(splits["held_out_classes"]["novelty"]) == {HELD_OUT_CLASS}
    assert set(splits["held_out_classes"]["label"]) == {0, 1}


def test_labels_count_in_the_names_of_their_file(splits: dict[str, Arrays]) -> None:
    for split, classes in (("train", CLASSES), ("test", CLASSES), ("held_out_classes", HELD_OUT_CLASSES)):
        for label, own in zip(splits[split]["label"], texts(splits[split]), strict=True):
            assert all(classes[label] in text.replace(",", "").split() for text in own)


def test_a_smaller_set_is_the_beginning_of_a_larger_one(splits: dict[str, Arrays]) -> None:
    smaller = generate("train", 70, size_px=16, phrasings=4, seed=3)
    for name, values in smaller.items():
        assert np.array_equal(values, splits["train"][name][:70]), name


def test_equal_recipes_give_equal_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        prepare(tmp_path / name, size_px=16, train_examples=50, test_examples=30, held_out_class_examples=10, seed=1)
        written.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert sorted(written[0]) == ["held_out_classes.h5", "test.h5", "train.h5"]
    with h5py.File(tmp_path / "first" / "held_out_classes.h5") as file:
        assert json.loads(file.attrs["classes"]) == HELD_OUT_CLASSES


@pytest.mark.parametrize(("key", "value"), [("size_px", 8), ("phrasings", 9)])
def test_what_cannot_be_made_is_refused_by_key(tmp_path: Path, key: str, value: int) -> None:
    with pytest.raises(InputError, match=f"^{key} is {value}"):
        prepare(tmp_path, **{"train_examples": 10, "test_examples": 10, key: value})
    assert not list(tmp_path.iterdir())
