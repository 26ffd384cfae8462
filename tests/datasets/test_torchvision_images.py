"""Published sets by torchvision's own loaders, from small folders in their layouts."""

import json

import numpy as np
import pytest

from selfsup.datasets import torchvision_images
from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError
from tests.datasets.annotated import write_image

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

datasets = pytest.importorskip("torchvision.datasets")


@pytest.fixture
def food(tmp_path):
    """Two dishes in the layout of Food-101: three training and two test images of each."""
    root = tmp_path / "food101"
    for part, count in (("train", 3), ("test", 2)):
        names = {dish: [f"{dish}/{part}{n}" for n in range(count)] for dish in ("soup", "cake")}
        for seed, name in enumerate(sorted({name for of_dish in names.values() for name in of_dish})):
            write_image(root / "food-101" / "images" / f"{name}.jpg", (40, 24), seed=seed + 10 * count)
        meta = root / "food-101" / "meta" / f"{part}.json"
        meta.parent.mkdir(parents=True, exist_ok=True)
        meta.write_text(json.dumps(names))
    return root


@pytest.fixture
def textures(tmp_path):
    """Two textures in the layout of DTD, with an image of each in its three parts."""
    root = tmp_path / "dtd"
    labels = root / "dtd" / "dtd" / "labels"
    labels.mkdir(parents=True)
    for seed, part in enumerate(("train", "val", "test")):
        names = [f"{kind}/{kind}_{part}.jpg" for kind in ("banded", "woven")]
        for n, name in enumerate(names):
            write_image(root / "dtd" / "dtd" / "images" / name, (20, 20), seed=10 * seed + n)
        (labels / f"{part}1.txt").write_text("\n".join(names))
    return root


def test_images_and_classes_are_those_of_the_loader(food, tmp_path):
    lock = torchvision_images.register(food)
    assert {split: facts["examples"] for split, facts in lock["splits"].items()} == {"train": 6, "test": 4}
    assert lock["classes"] == ["cake", "soup"]
    torchvision_images.prepare(tmp_path, root=food, lock=lock, size_px=16)
    train = read_split(tmp_path / "train.h5", ["image", "label"])
    assert train.arrays["image"].shape == (6, 3, 16, 16)
    assert np.bincount(train.arrays["label"]).tolist() == [3, 3]


def test_a_published_validation_part_is_trained_on(textures):
    lock = torchvision_images.register(textures)
    assert {split: facts["examples"] for split, facts in lock["splits"].items()} == {"train": 4, "test": 2}


def test_what_is_not_there_or_not_known_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"does not hold food101 as torchvision stores it .* --download`"):
        torchvision_images.register(tmp_path / "food101")
    with pytest.raises(
        InputError, match=r"imagenet is no set of torchvision that is known here; name the folder cifar100"
    ):
        torchvision_images.register(tmp_path / "imagenet")


def test_a_damaged_image_is_named(food):
    file = next((food / "food-101" / "images").rglob("*.jpg"))
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(InputError, match=r"image \d+ of Food101 cannot be decoded"):
        torchvision_images.register(food)


@pytest.mark.parametrize("name", torchvision_images.SETS)
def test_a_download_is_torchvisions_of_every_part(name, tmp_path, monkeypatch):
    calls = []
    loader, parts = torchvision_images.SETS[name]
    monkeypatch.setattr(datasets, loader, lambda root, **keys: calls.append(keys))
    torchvision_images.download(tmp_path / name)
    assert calls == [part | {"download": True} for of_split in parts.values() for part in of_split]


def test_a_failed_download_is_one_sentence(tmp_path, monkeypatch):
    def fails(root, **keys):
        raise RuntimeError("no network")

    monkeypatch.setattr(datasets, "DTD", fails)
    with pytest.raises(
        InputError, match=r"dtd cannot be downloaded into .*dtd \(no network\); put its published files there"
    ):
        torchvision_images.download(tmp_path / "dtd")
