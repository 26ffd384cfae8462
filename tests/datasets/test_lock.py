import subprocess
import sys
from pathlib import Path

import pytest

from selfsup.datasets.lock import digest, read_lock, write_lock
from selfsup.errors import InputError

pytestmark = pytest.mark.counts("locks that are damaged", "one sentence with the file")

LOCK = {
    "splits": {"train": {"examples": 2, "digest": "ab"}, "test": {"examples": 1, "digest": "cd"}},
    "classes": ["été", "hiver"],
    "labelled": True,
    "grey": False,
    "size_px": None,
}


def test_a_lock_comes_back_and_its_bytes_do_not_depend_on_order(tmp_path: Path) -> None:
    first, second = tmp_path / "first.lock", tmp_path / "second.lock"
    write_lock(first, LOCK)
    write_lock(second, dict(reversed(LOCK.items())))
    assert read_lock(first) == LOCK
    assert first.read_bytes() == second.read_bytes()


def test_a_missing_lock_says_how_to_register(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="selfsup register birds"):
        read_lock(tmp_path / "birds.lock")


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "{",
        "splits: {}\nclasses: []\nlabelled: true\n",
        "splits: {}\nclasses: []\nlabelled: perhaps\ngrey: false\nsize_px: 32\n",
        "splits: {train: 5}\nclasses: []\nlabelled: true\ngrey: false\nsize_px: 32\n",
    ],
)
def test_what_is_no_lock_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "birds.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"birds\.lock"):
        read_lock(path)


def test_planning_needs_neither_torch_nor_numpy_nor_h5py() -> None:
    code = "import sys, selfsup.datasets.lock; sys.exit(bool({'torch', 'numpy', 'h5py'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_committed_lock_of_cifar10_is_whole() -> None:
    lock = read_lock(Path(__file__).parents[2] / "params" / "data" / "cifar10.lock")
    assert {split: facts["examples"] for split, facts in lock["splits"].items()} == {"train": 50000, "test": 10000}
    assert len(lock["classes"]) == 10


def test_the_digest_depends_on_keys_labels_and_order() -> None:
    digests = {digest(["a", "b"], [0, 1]), digest(["a", "b"], [0, 0]), digest(["b", "a"], [0, 1]), digest(["a"], [0])}
    assert len(digests) == 4
