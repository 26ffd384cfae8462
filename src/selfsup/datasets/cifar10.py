"""CIFAR-10, from class folders or from the published archive; both give the same prepared files.

Source: Krizhevsky 2009, Learning multiple layers of features from tiny images, chapter 3.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import PositiveInt

from selfsup.datasets.content.class_folders import read_class_folders
from selfsup.datasets.content.sources import Example, Source, lock_of, select, write_examples
from selfsup.errors import InputError

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

PROVIDES = ("image", "labelled_image")
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BATCHES = "cifar-10-batches-py"


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the CIFAR-10 under ``root``."""
    return lock_of(_source(root))


def download(root: Path) -> None:
    """Download the published archive into ``root`` and verify its checksum; InputError where that fails."""
    from torchvision.datasets import CIFAR10

    try:
        CIFAR10(root, download=True)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"CIFAR-10 cannot be downloaded into {root} ({error}); put the published {BATCHES} or the folders "
            "{train,test}/<class>/*.png there"
        ) from error


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt = 32,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5`` in the order of the images' hashes.

    Raises InputError where images are missing, damaged, too few, or not those of the lock.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    source = _source(root)
    splits = select(source, lock, {"train": train_examples, "test": test_examples}, size_px=size_px)
    write_examples(folder, source, splits, dataset="cifar10", size_px=size_px)


def _source(root: Path) -> Source:
    if (root / BATCHES).is_dir():
        return _published(root)
    source = read_class_folders(root)
    if source.classes != CLASSES or set(source.splits) != {"train", "test"}:
        raise InputError(
            f"{root} does not contain CIFAR-10; put the published {BATCHES} or {{train,test}}/<class>/*.png there, or "
            f"download it with `selfsup register {root.name} --download`"
        )
    return source


def _published(root: Path) -> Source:
    from torchvision.datasets import CIFAR10

    try:
        sets = {split: CIFAR10(root, train=split == "train", download=False) for split in ("train", "test")}
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"{root / BATCHES} is incomplete or damaged ({error}); delete it and copy or download it again"
        ) from error
    return Source(root, list(sets["train"].classes), {split: _examples(sets[split], split) for split in sets})


def _examples(published: "CIFAR10", split: str) -> Iterator[Example]:
    for index, (pixels, label) in enumerate(zip(published.data, published.targets, strict=True)):
        yield Example(Image.fromarray(pixels), label, f"{split} image {index} of {BATCHES}")
