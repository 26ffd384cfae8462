"""Planning counts the training examples that preparing will find, also where images are copies of each other."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup.config.recipe import data
from selfsup.datasets.folder import prepare, register
from selfsup.datasets.lock import copies_of, held_out, read_lock, write_lock
from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError


def photos(root: Path, different: int, copies: int) -> Path:
    root.mkdir()
    for number in range(different + copies):
        seed = min(number, different)  # the last ones are the same placeholder
        pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / f"{number:03d}.png")
    return root


@pytest.mark.parametrize(("different", "copies"), [(100, 0), (40, 60), (90, 10), (1, 99), (5, 2)])
@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5, 0.9])
def test_planning_counts_what_preparing_finds(project: Path, different: int, copies: int, fraction: float) -> None:
    root = photos(project / "photos", different, copies)
    write_lock(project / "params" / "data" / "photos.lock", register(root))
    file = project / "params" / "data" / "photos.yaml"
    file.write_text(f"dataset: folder\nsource: photos\nsize_px: 8\ntest_fraction: {fraction}\n")
    folder = project / "prepared"
    folder.mkdir()
    prepare(folder, root=root, lock=read_lock(file.with_suffix(".lock")), size_px=8, test_fraction=fraction)
    assert data("photos").train_examples == len(read_split(folder / "train.h5", ("image",)).key)


def test_only_equal_images_are_a_sentence_of_planning(project: Path) -> None:
    write_lock(project / "params" / "data" / "photos.lock", register(photos(project / "photos", 0, 7)))
    (project / "params" / "data" / "photos.yaml").write_text("dataset: folder\nsource: photos\nsize_px: 8\n")
    with pytest.raises(InputError, match=r"photos\.yaml: the 7 examples of its lock are all equal; add images"):
        data("photos")


def test_held_out_against_all_borders() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        hashes = sorted(generator.integers(0, 12, generator.integers(2, 30)).tolist())
        keys = [f"{value:02d}-{row}" for row, value in enumerate(hashes)]
        fraction = generator.uniform(0.01, 0.99)
        target = len(keys) - int(len(keys) * (1 - fraction))
        borders = [row for row in range(1, len(keys)) if hashes[row] != hashes[row - 1]]
        wanted = min(borders, key=lambda row: abs(row - target)) if borders else None
        assert held_out(len(keys), copies_of(keys), fraction) == wanted
