"""Published sets of labelled images by torchvision's loaders: cifar100, stl10, flowers102, pets, dtd, food101.

The name of the folder says which: ``SELFSUP_DATA_ROOT/dtd`` holds what torchvision downloads of DTD. Where a set has a published
validation part, it is added to the training set.

Source: Krizhevsky 2009 (CIFAR-100); Coates et al. 2011 (STL-10); Nilsback and Zisserman 2008 (Flowers); Parkhi et al. 2012
(Pets); Cimpoi et al. 2014 (DTD); Bossard et al. 2014 (Food-101).
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from selfsup.datasets.content.sources import Example, Source, lock_of, select, write_examples
from selfsup.errors import InputError

PROVIDES = ("image", "labelled_image")
# The class in torchvision, and the arguments that make each part of the training and of the test set.
SETS: dict[str, tuple[str, dict[str, list[dict[str, Any]]]]] = {
    "cifar100": ("CIFAR100", {"train": [{"train": True}], "test": [{"train": False}]}),
    "stl10": ("STL10", {"train": [{"split": "train"}], "test": [{"split": "test"}]}),
    "flowers102": ("Flowers102", {"train": [{"split": "train"}, {"split": "val"}], "test": [{"split": "test"}]}),
    "pets": ("OxfordIIITPet", {"train": [{"split": "trainval"}], "test": [{"split": "test"}]}),
    "dtd": ("DTD", {"train": [{"split": "train"}, {"split": "val"}], "test": [{"split": "test"}]}),
    "food101": ("Food101", {"train": [{"split": "train"}], "test": [{"split": "test"}]}),
}


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the set under ``root``."""
    return lock_of(_source(root))


def download(root: Path) -> None:
    """Download the set into ``root``, verified by torchvision's checksums; InputError where that fails."""
    for _, arguments in _parts(root):
        try:
            _loader(root)(root, **arguments, download=True)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{root.name} cannot be downloaded into {root} ({error}); put its published files there"
            ) from error


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    size_px: PositiveInt,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5`` in the order of the images' hashes.

    Raises InputError where images are missing, damaged, too few, or not those of the lock.

    Args:
        size_px: side of the images in pixels; others are scaled and cut to a square.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    source = _source(root)
    splits = select(source, lock, {"train": train_examples, "test": test_examples}, size_px=size_px)
    write_examples(folder, source, splits, dataset="torchvision_images", size_px=size_px)


def _source(root: Path) -> Source:
    parts: dict[str, list[Any]] = {}
    for split, arguments in _parts(root):
        try:
            parts.setdefault(split, []).append(_loader(root)(root, **arguments, download=False))
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{root} does not hold {root.name} as torchvision stores it ({error}); download it with `selfsup register "
                f"{root.name} --dataset torchvision_images --download`"
            ) from error
    first = parts["train"][0]
    classes = getattr(first, "classes", None) or range(1 + max(_labels(first)))
    examples = {split: itertools.chain.from_iterable(map(_examples, of)) for split, of in parts.items()}
    return Source(root, [str(name) for name in classes], dict(examples))


def _parts(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the split and the arguments of each published part of the set that the folder is named after."""
    if root.name not in SETS:
        raise InputError(f"{root.name} is no set of torchvision that is known here; name the folder {', '.join(SETS)}")
    for split, parts in SETS[root.name][1].items():
        for arguments in parts:
            yield split, arguments


def _loader(root: Path) -> Any:
    import torchvision.datasets

    return getattr(torchvision.datasets, SETS[root.name][0])


def _labels(part: Any) -> list[int]:
    """Return the labels of a part without decoding its images, whatever its loader calls them."""
    found = next(getattr(part, name) for name in ("targets", "labels", "_labels") if hasattr(part, name))
    return [int(label) for label in found]


def _examples(part: Any) -> Iterator[Example]:
    for index, label in enumerate(_labels(part)):
        name = f"image {index} of {type(part).__name__}"
        try:
            image = part[index][0].convert("RGB")
        except OSError as error:
            raise InputError(f"{name} cannot be decoded ({error}); download it again") from error
        yield Example(image, label, name)
