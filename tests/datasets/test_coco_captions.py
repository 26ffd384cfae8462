"""COCO's layout, in miniature."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.coco_captions import prepare, register
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)


def publish(root: Path, part: str, images: dict[int, list[str]]) -> None:
    folder = root / f"{part}2017"
    folder.mkdir(parents=True)
    (root / "annotations").mkdir(exist_ok=True)
    for number in images:
        pixels = np.random.default_rng(number).integers(0, 255, (8, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:012d}.png")
    said = [(image, text) for image, texts in images.items() for text in texts]
    content: dict[str, Any] = {
        "images": [{"id": number, "file_name": f"{number:012d}.png"} for number in images],
        "annotations": [{"id": n, "image_id": image, "caption": text} for n, (image, text) in enumerate(said)],
    }
    (root / "annotations" / f"captions_{part}2017.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    root = tmp_path / "coco"
    publish(root, "train", {n: [f"photo {n}, phrase {k}" for k in range(5 + n % 3)] for n in range(6)})
    publish(root, "val", {n: [f"photo {n}\n"] * 5 for n in range(10, 13)})
    return root


def test_captions_come_with_their_images(coco: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "out", root=coco, lock=register(coco), size_px=8, train_examples=4)
    with h5py.File(tmp_path / "out" / "train.h5") as file:
        assert file["image"].shape == (4, 3, 8, 8)
        said = [[bytes(text).rstrip(b"\0").decode() for text in own] for own in file["caption"][()]]
        for image, own in zip(file["image"][()], said, strict=True):
            number = int(own[0].split()[1].rstrip(","))
            assert own == [f"photo {number}, phrase {k}" for k in range(5)]
            pixels = np.random.default_rng(number).integers(0, 255, (8, 12, 3), dtype=np.uint8)
            assert np.array_equal(image, pixels[:, 2:10].transpose(2, 0, 1))
    with h5py.File(tmp_path / "out" / "test.h5") as file:
        assert file["caption"].shape[:2] == (3, 5)


def test_a_missing_image_and_a_missing_file_are_named(coco: Path) -> None:
    (coco / "val2017" / "000000000011.png").unlink()
    with pytest.raises(InputError, match=r"captions_val2017\.json names 000000000011\.png, which is not in "):
        register(coco)
    (coco / "annotations" / "captions_val2017.json").unlink()
    with pytest.raises(InputError, match=r"captions_val2017\.json does not exist"):
        register(coco)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "has no COCO captions"),
        ("[]", "has no COCO captions"),
        ('{"images": [{"id": 1}], "annotations": [{"id": 1, "image_id": 1, "caption": "a"}]}', "has no COCO captions"),
        (
            '{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"id": 7, "image_id": 1, "caption": " "}]}',
            r", annotation 7 of a\.png, has an empty caption",
        ),
    ],
)
def test_broken_annotations_are_named(coco: Path, content: str, message: str) -> None:
    (coco / "annotations" / "captions_val2017.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=rf"captions_val2017\.json ?{message}"):
        register(coco)
