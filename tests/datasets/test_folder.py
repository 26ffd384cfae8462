from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.content.class_folders import read_class_folders
from selfsup.datasets.content.sources import hold_out, read_examples
from selfsup.datasets.folder import prepare, register
from selfsup.datasets.prepared import Split, has, read_split
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)


def noise(seed: int, width: int = 12, height: int = 8) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


def fill(folder: Path, seeds: range, **size: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        noise(seed, **size).save(folder / f"{seed:03d}.png")
    return folder


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """Two classes of five images, not split."""
    root = tmp_path / "birds"
    fill(root / "duck", range(5))
    fill(root / "owl", range(10, 15))
    return root


def prepared(root: Path, lock: dict[str, Any] | None = None, **recipe: Any) -> dict[str, Split]:
    folder = root.parent / f"prepared-{root.name}"
    prepare(folder, root=root, lock=lock or register(root), **{"size_px": 8, **recipe})
    arrays = ("image", "label") if has(folder / "train.h5", "label") else ("image",)
    return {split: read_split(folder / f"{split}.h5", arrays) for split in ("train", "test")}


def test_images_smaller_than_asked_for_are_scaled_up(birds: Path) -> None:
    enlarged = prepared(birds, size_px=20)["train"]  # the files have 12 x 8 pixels
    assert enlarged.arrays["image"].shape == (8, 3, 20, 20)
    assert enlarged.key.tolist() == prepared(birds)["train"].key.tolist()


def test_class_folders_are_split_by_content(birds: Path) -> None:
    splits = prepared(birds)
    assert {name: len(split.key) for name, split in splits.items()} == {"train": 8, "test": 2}
    assert max(splits["test"].key) < min(splits["train"].key)
    assert splits["train"].classes == ["duck", "owl"]
    for split in splits.values():
        for image, label in zip(split.arrays["image"], split.arrays["label"], strict=True):
            centre = [np.asarray(noise(seed))[:, 2:10].transpose(2, 0, 1) for seed in range(10 * label, 10 * label + 5)]
            assert any(np.array_equal(image, candidate) for candidate in centre)


def test_names_and_order_of_files_do_not_matter(birds: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for path in birds.rglob("*.png"):
        target = other / path.parent.name / "deep" / f"x{99 - int(path.stem)}.bmp"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).save(target)
    assert register(birds) == register(other)
    for name, split in prepared(birds).items():
        same = prepared(other)[name]
        assert np.array_equal(split.key, same.key)
        assert np.array_equal(split.arrays["image"], same.arrays["image"])


def test_train_and_test_folders_are_kept(tmp_path: Path) -> None:
    root = tmp_path / "birds"
    for split, start in (("train", 0), ("test", 50)):
        for label, name in enumerate(("duck", "owl")):
            fill(root / split / name, range(start + 10 * label, start + 10 * label + 3 + label))
    lock = register(root)
    assert {split: facts["examples"] for split, facts in lock["splits"].items()} == {"train": 7, "test": 7}
    splits = prepared(root, train_examples=4)
    assert [len(split.key) for split in splits.values()] == [4, 7]
    assert np.bincount(splits["test"].arrays["label"]).tolist() == [3, 4]


def test_images_without_labels(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", range(15))
    lock = register(root)
    assert (lock["labelled"], lock["classes"], lock["splits"]["all"]["examples"]) == (False, [], 15)
    splits = prepared(root, test_fraction=0.4)
    assert [len(split.key) for split in splits.values()] == [9, 6]
    assert list(splits["train"].arrays) == ["image"]


def test_a_subset_is_the_beginning(birds: Path) -> None:
    whole, part = prepared(birds), prepared(birds, train_examples=3, test_examples=1)
    for name, count in (("train", 3), ("test", 1)):
        assert np.array_equal(part[name].key, whole[name].key[:count])
        assert np.array_equal(part[name].arrays["image"], whole[name].arrays["image"][:count])


def test_equal_images_are_numbered_and_stay_on_one_side(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", range(6))
    for copy in range(5):
        noise(0).save(root / f"copy{copy}.png")
    examples = read_examples(read_class_folders(root).splits["all"], None)
    assert sum("-" in key for key in examples.keys) == 5
    assert len(set(examples.keys)) == 11
    for fraction in np.linspace(0.01, 0.99, 15):
        sides = hold_out(examples, float(fraction), root)
        assert all(side.keys for side in sides.values())
        hashes = {name: {key.split("-")[0] for key in side.keys} for name, side in sides.items()}
        assert not hashes["train"] & hashes["test"]


def test_copies_of_one_image_cannot_be_split(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", range(1))
    noise(0).save(root / "copy.png")
    with pytest.raises(InputError, match="too few different images"):
        prepared(root)


def test_the_lock_states_a_common_square_size(tmp_path: Path) -> None:
    squares = fill(tmp_path / "squares", range(3), width=9, height=9)
    assert register(squares)["size_px"] == 9
    fill(squares, range(3, 4))
    assert register(squares)["size_px"] is None


def test_hidden_and_other_files_are_not_looked_at(birds: Path) -> None:
    lock = register(birds)
    for name in ("README.txt", "duck/._000.png", "duck/Thumbs.db", "owl/.hidden/a.png", ".git/a.png"):
        (birds / name).parent.mkdir(exist_ok=True)
        (birds / name).write_bytes(b"something else")
    assert register(birds) == lock


def test_what_is_named_like_an_image_must_be_one(birds: Path) -> None:
    (birds / "duck" / "notes.JPG").write_text("not an image")
    with pytest.raises(InputError, match=r"notes\.JPG cannot be decoded"):
        register(birds)


def test_a_missing_root_names_the_data_root(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere is not a folder; set SELFSUP_DATA_ROOT"):
        register(tmp_path / "nowhere")


def test_an_empty_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither images nor class folders"):
        register(tmp_path)


def test_an_empty_class_folder_is_named(birds: Path) -> None:
    (birds / "swan").mkdir()
    with pytest.raises(InputError, match=r"swan contains no image"):
        register(birds)


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    fill(tmp_path / "birds" / "duck", range(3))
    with pytest.raises(InputError, match="only one class, duck"):
        register(tmp_path / "birds")


def test_half_a_split_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path / "birds" / "train" / "duck", range(3))
    with pytest.raises(InputError, match="no folder test"):
        register(tmp_path / "birds")


def test_classes_of_train_and_test_must_agree(tmp_path: Path) -> None:
    for name in ("train/duck", "train/owl", "test/duck"):
        fill(tmp_path / "birds" / name, range(2))
    with pytest.raises(InputError, match=r"train has the class owl, test of .*birds has not"):
        register(tmp_path / "birds")


def test_a_forbidden_folder_is_named(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="birds cannot be read"):
        register(birds)


def _remove(root: Path) -> None:
    (root / "duck" / "000.png").unlink()


def _alter(root: Path) -> None:
    noise(99).save(root / "duck" / "000.png")


def _relabel(root: Path) -> None:
    (root / "duck" / "000.png").rename(root / "owl" / "000.png")


def _rename_class(root: Path) -> None:
    (root / "owl").rename(root / "swan")


@pytest.mark.parametrize("change", [_remove, _alter, _relabel, _rename_class])
def test_what_was_not_locked_is_refused(birds: Path, change: Any) -> None:
    lock = register(birds)
    change(birds)
    with pytest.raises(InputError, match=r"params/data/birds\.lock.*selfsup register birds"):
        prepared(birds, lock)
    assert not (birds.parent / "prepared-birds").exists()


def test_a_split_that_the_lock_does_not_know_is_refused(birds: Path) -> None:
    lock = register(birds)
    lock["splits"] = {"train": lock["splits"]["all"], "test": lock["splits"]["all"]}
    with pytest.raises(InputError, match=r"has the splits all, but .* has test and train"):
        prepared(birds, lock)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"train_examples": 9}, "train_examples is 9, but .* has only 8"),
        ({"test_examples": 3}, "test_examples is 3, but .* has only 2"),
        ({"test_fraction": 1.5}, "test_fraction is 1.5"),
    ],
)
def test_impossible_recipes_are_refused(birds: Path, recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepared(birds, **recipe)


def test_images_beside_class_folders_are_refused(birds: Path) -> None:
    noise(77).save(birds / "montage.png")
    with pytest.raises(
        InputError, match=r"birds has images, such as montage\.png, beside folders, such as duck: are these"
    ):
        register(birds)


@pytest.mark.parametrize(
    "names", [("Train", "Test"), ("training", "testing"), ("TRAIN", "validation"), ("train", "dev")]
)
def test_splits_are_known_by_the_names_that_people_give_them(tmp_path: Path, names: tuple[str, str]) -> None:
    for start, split in enumerate(names):
        for label, name in enumerate(("duck", "owl")):
            fill(tmp_path / "birds" / split / name, range(100 * start + 10 * label, 100 * start + 10 * label + 3))
    lock = register(tmp_path / "birds")
    assert (lock["classes"], set(lock["splits"])) == (["duck", "owl"], {"train", "test"})


def test_validation_images_beside_a_test_set_are_trained_on(tmp_path: Path) -> None:
    for start, split in enumerate(("train", "val", "test")):
        for label, name in enumerate(("duck", "owl")):
            fill(tmp_path / "birds" / split / name, range(100 * start + 10 * label, 100 * start + 10 * label + 3))
    splits = register(tmp_path / "birds")["splits"]
    assert {split: facts["examples"] for split, facts in splits.items()} == {"train": 12, "test": 6}


def test_folders_of_the_system_are_no_classes(birds: Path) -> None:
    before = register(birds)
    for folder in ("@eaDir", "duck/@eaDir", "__MACOSX/duck", ".thumbs"):
        fill(birds / folder, range(50, 52))
    assert register(birds) == before


@pytest.mark.parametrize(
    ("folders", "sentence"),
    [
        (("train/duck", "train/owl", "Train/duck"), "has the folders Train and train for one split"),
        (("train/duck", "test/duck", "more/duck"), "has the folder more beside train, which is a split"),
        (("train/duck", "train/owl"), "has no folder test; add it, or put the classes directly"),
        (("train/duck", "train/owl", "test"), r"train has class folders, .*test has images; sort these"),
    ],
)
def test_an_ambiguous_layout_is_one_sentence(tmp_path: Path, folders: tuple[str, ...], sentence: str) -> None:
    for number, name in enumerate(folders):
        fill(tmp_path / "birds" / name, range(10 * number, 10 * number + 2))
    with pytest.raises(InputError, match=sentence):
        register(tmp_path / "birds")


def test_links_to_folders_are_followed_and_what_is_left_out_is_told(birds: Path, tmp_path: Path, capsys: Any) -> None:
    fill(tmp_path / "disk" / "deep", range(40, 44))
    (birds / "duck" / "link").symlink_to(tmp_path / "disk")
    (birds / "owl" / "scan.jpg_large").write_bytes(b"")
    assert register(birds)["splits"]["all"]["examples"] == 14
    assert "birds: 1 files are left out: 1 .jpg_large" in capsys.readouterr().err


def test_all_damaged_images_are_told_at_once(birds: Path) -> None:
    for name in ("duck/000.png", "owl/010.png", "owl/011.png"):
        (birds / name).write_bytes(b"no image")
    (birds / "duck" / "gone.png").symlink_to(birds / "annex" / "gone.png")
    with pytest.raises(InputError) as error:
        register(birds)
    assert all(name in str(error.value) for name in ("000.png", "010.png", "011.png", "gone.png is a link to"))


def test_an_image_that_pillow_does_not_dare_to_open_is_named(birds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(InputError, match="has more than 0 million pixels; scale it down"):
        register(birds)


def test_splits_that_share_images_and_images_with_two_labels_are_told(tmp_path: Path, capsys: Any) -> None:
    root = tmp_path / "birds"
    fill(root / "train" / "duck", range(6))
    fill(root / "train" / "owl", range(4, 9))  # two are in both classes
    fill(root / "test" / "duck", range(3))
    fill(root / "test" / "owl", range(20, 22))
    register(root)
    told = capsys.readouterr().err
    assert "3 examples of test and 3 examples of train are equal" in told
    assert "2 different examples of train are there with more than one label" in told


def test_clean_splits_are_not_commented_on(birds: Path, capsys: Any) -> None:
    register(birds)
    assert capsys.readouterr().err == ""
