"""A CSV of file and caption: what is kept of it, and one sentence for each way in which it can be broken."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.pairs import prepare, register
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

HEADING = "file,caption\n"


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 12, 3), dtype=np.uint8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten images, the first two with two captions."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    rows = []
    for seed in range(10):
        noise(seed).save(folder / "deep" / f"{seed}.png")
        rows.append(f"deep/{seed}.png,number {seed}\n")
    rows += ['deep/0.png,"zero, again"\n', "deep/1.png,été\n"]
    (folder / "pairs.csv").write_text(HEADING + "".join(rows), encoding="utf-8")
    return folder


def prepared(root: Path, **recipe: Any) -> dict[str, dict[bytes, list[str]]]:
    """Return {split: {key: captions}}."""
    folder = root.parent / f"prepared-{root.name}"
    prepare(folder, root=root, lock=register(root), **{"size_px": 8, **recipe})
    found = {}
    for split in ("train", "test"):
        with h5py.File(folder / f"{split}.h5") as file:
            assert "label" not in file
            said = [[bytes(text).rstrip(b"\0").decode() for text in own] for own in file["caption"][()]]
            found[split] = dict(zip(file["key"][()].tolist(), said, strict=True))
    return found


def test_captions_stay_with_their_images(root: Path) -> None:
    splits = prepared(root, test_fraction=0.3)
    assert [len(split) for split in splits.values()] == [7, 3]
    said = [set(own) for split in splits.values() for own in split.values()]
    assert {"number 0", "zero, again"} in said
    assert {"number 1", "été"} in said
    assert {"number 5"} in said


def test_an_image_with_one_caption_repeats_it(root: Path) -> None:
    splits = prepared(root)
    assert {len(own) for own in splits["train"].values()} == {2}
    first = prepared(root, phrasings=1)
    assert {text for split in first.values() for (text,) in split.values()} == {f"number {n}" for n in range(10)}


def test_the_order_of_rows_and_the_names_of_files_do_not_matter(root: Path) -> None:
    lock, before = register(root), prepared(root)
    heading, *rows = (root / "pairs.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    # of each image the captions keep their order, images change theirs
    moved = sorted(rows[:10], reverse=True) + rows[10:]
    (root / "deep").rename(root / "other")
    (root / "pairs.csv").write_text(heading + "".join(moved).replace("deep/", "other/"), encoding="utf-8")
    assert register(root) == lock
    assert prepared(root) == before


def test_train_and_test_tables_are_kept(root: Path) -> None:
    heading, *rows = (root / "pairs.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "train.csv").write_text(heading + "".join(rows[:6]), encoding="utf-8")
    with pytest.raises(InputError, match=r"test\.csv is missing beside train\.csv"):
        register(root)
    (root / "test.csv").write_text(heading + "".join(rows[6:10]), encoding="utf-8")
    splits = prepared(root)
    assert [len(split) for split in splits.values()] == [6, 4]
    assert {text for (text,) in splits["test"].values()} == {f"number {n}" for n in range(6, 10)}


def test_another_caption_is_another_data_set(root: Path, tmp_path: Path) -> None:
    lock = register(root)
    table = root / "pairs.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("number 3", "number 4"), encoding="utf-8")
    with pytest.raises(InputError, match=r"photos \(10 examples\) is not the one in params/data/photos\.lock"):
        prepare(tmp_path / "out", root=root, lock=lock, size_px=8)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("deep/77.png,a cat", r"pairs\.csv line 14 names deep/77\.png, which is no file in "),
        ("deep/3.png,  ", r"pairs\.csv line 14 has an empty caption"),
        ("deep/3.png", r"pairs\.csv line 14 has 1 columns, not 2"),
        ("deep/3.png,a cat, and more", r"pairs\.csv line 14 has 3 columns, not 2"),
        ('deep/3.png,"a cat', r"pairs\.csv is not a CSV file in UTF-8"),
        ("deep/3.png," + "long " * 300, r"pairs\.csv line 14 has a caption with a zero byte or of more than 1000"),
    ],
)
def test_a_broken_row_is_named(root: Path, row: str, message: str) -> None:
    with (root / "pairs.csv").open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    with pytest.raises(InputError, match=message):
        register(root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,text\nx.png,a cat\n", r"line 1 must be file,caption"),
        (b"", r"line 1 must be file,caption"),
        (HEADING.encode(), r"has no pairs"),
        (HEADING.encode() + b"x.png,\xff\xfe\n", r"is not a CSV file in UTF-8"),
    ],
)
def test_a_table_that_is_none_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "pairs.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"pairs\.csv.* {message}"):
        register(tmp_path)


def test_a_missing_table_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pairs\.csv does not exist; write the columns file,caption"):
        register(tmp_path)


def test_a_damaged_image_is_named(root: Path) -> None:
    (root / "deep" / "4.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"4\.png cannot be decoded"):
        register(root)
