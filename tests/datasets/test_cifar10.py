import hashlib
import pickle
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets import cifar10
from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

CIFAR10 = pytest.importorskip("torchvision.datasets").CIFAR10


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny set in the published layout, one image twice, whose checksums torchvision takes for the true ones."""
    batches = tmp_path / "published" / "cifar-10-batches-py"
    batches.mkdir(parents=True)
    rng = np.random.default_rng(0)

    def dump(name: str, content: dict[str, Any]) -> list[str]:
        (batches / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((batches / name).read_bytes()).hexdigest()]

    def batch(name: str) -> list[str]:
        data = rng.integers(0, 256, (20, 3072), dtype=np.uint8)
        data[7] = data[3]
        return dump(name, {"data": data, "labels": rng.permutation(20) % 10})

    monkeypatch.setattr(CIFAR10, "train_list", [batch("data_batch_1"), batch("data_batch_2")])
    monkeypatch.setattr(CIFAR10, "test_list", [batch("test_batch")])
    name, md5 = dump("batches.meta", {"label_names": cifar10.CLASSES})
    monkeypatch.setattr(CIFAR10, "meta", {"filename": name, "key": "label_names", "md5": md5})
    return batches.parent


@pytest.fixture
def class_folders(published: Path, tmp_path: Path) -> Path:
    """The same images as class folders of PNG, in another order."""
    root = tmp_path / "folders"
    for split in ("train", "test"):
        source = CIFAR10(published, train=split == "train")
        for index, (image, label) in enumerate(source):
            folder = root / split / source.classes[label]
            folder.mkdir(parents=True, exist_ok=True)
            image.save(folder / f"{1000 - index}.png")
    return root


def test_both_layouts_have_one_lock_and_give_the_same_bytes(
    published: Path, class_folders: Path, tmp_path: Path
) -> None:
    lock = cifar10.register(published)
    assert lock == cifar10.register(class_folders)
    assert {split: facts["examples"] for split, facts in lock["splits"].items()} == {"train": 40, "test": 20}
    assert (lock["size_px"], lock["labelled"], lock["classes"]) == (32, True, cifar10.CLASSES)
    for root in (published, class_folders):
        cifar10.prepare(tmp_path / f"prepared-{root.name}", root=root, lock=lock)
    for name in ("train.h5", "test.h5"):
        first, second = (tmp_path / f"prepared-{root.name}" / name for root in (published, class_folders))
        assert first.read_bytes() == second.read_bytes()


def test_pixels_and_labels_are_the_published_ones(published: Path, tmp_path: Path) -> None:
    cifar10.prepare(tmp_path / "out", root=published, lock=cifar10.register(published))
    split, source = read_split(tmp_path / "out" / "train.h5", ("image", "label")), CIFAR10(published)
    assert split.arrays["image"].shape == (40, 3, 32, 32)
    truth = {
        (image.transpose(2, 0, 1).tobytes(), label) for image, label in zip(source.data, source.targets, strict=True)
    }
    assert all(
        (image.tobytes(), label) in truth
        for image, label in zip(split.arrays["image"], split.arrays["label"], strict=True)
    )
    assert split.key.tolist() == sorted(split.key.tolist())
    assert sum(key.endswith(b"-2") for key in split.key) == 2


def test_damaged_batches_are_refused(published: Path, tmp_path: Path) -> None:
    lock = cifar10.register(published)
    (published / "cifar-10-batches-py" / "data_batch_2").unlink()
    with pytest.raises(InputError, match="cifar-10-batches-py is incomplete or damaged"):
        cifar10.prepare(tmp_path / "out", root=published, lock=lock)


def test_other_images_are_refused(class_folders: Path, tmp_path: Path) -> None:
    lock = cifar10.register(class_folders)
    one = next((class_folders / "test" / "cat").iterdir())
    Image.new("RGB", (32, 32)).save(one)
    with pytest.raises(InputError, match=r"split test .*params/data/folders\.lock"):
        cifar10.prepare(tmp_path / "out", root=class_folders, lock=lock)


def test_more_examples_than_there_are(class_folders: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test_examples is 21, but .* has only 20"):
        cifar10.prepare(tmp_path / "out", root=class_folders, lock=cifar10.register(class_folders), test_examples=21)


def test_a_download_without_a_network_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", no_network)
    with pytest.raises(InputError, match=r"cannot be downloaded into .*no route to host.*put the published"):
        cifar10.download(tmp_path / "cifar10")


def test_a_finished_download_is_not_fetched_again(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "torchvision.datasets.cifar.download_and_extract_archive", lambda *_, **__: pytest.fail("fetched")
    )
    cifar10.download(published)
    assert cifar10.register(published)["splits"]["test"]["examples"] == 20


def test_a_folder_of_something_else_says_how_to_fetch(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("a", "b"):
            (tmp_path / "letters" / split / name).mkdir(parents=True)
            Image.new("RGB", (32, 32)).save(tmp_path / "letters" / split / name / "0.png")
    with pytest.raises(InputError, match="selfsup register letters --download"):
        cifar10.register(tmp_path / "letters")
