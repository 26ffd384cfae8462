"""The command line under wrong input: one sentence, exit code 1, no traceback, nothing half-written."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.clones import Clone, clone, write_suite

pytestmark = pytest.mark.slow

GROUPS = """
  - name: own
    data: own
    seeds: [0]
    runs:
      - {method: rotation, name: rotation, set: {epochs: 1, batch_size: 8}}
    targets: [{data: own, evaluations: [linear_probe, knn]}]
"""


@pytest.fixture
def own(tmp_path: Path) -> Clone:
    """A clone with a folder of the user's own images, of several sizes, in two classes."""
    made = clone(tmp_path / "selfsup")
    random = np.random.default_rng(0)
    for number in range(40):
        pixels = random.integers(0, 256, (36 + number, 50, 3), dtype=np.uint8)
        file = tmp_path / "root" / "own" / ("cat" if number % 2 else "dog") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    (made.folder / "params" / "data" / "own.yaml").write_text("dataset: folder\nsource: own\nsize_px: 32\n")
    write_suite(made.folder, "own", GROUPS)
    return made


def selfsup(made: Clone, *words: str, check: bool = True):
    return made.run("selfsup", *words, check=check, SELFSUP_DATA_ROOT=str(made.folder.parent / "root"))


def refused(made: Clone, *words: str) -> str:
    """Return the one sentence with which a command failed; nothing but it may stand there, and nothing half-written."""
    done = selfsup(made, *words, check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("selfsup: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not list((made.folder / "data").glob("*/*/spec.json"))
    return lines[0]


def where(made: Clone, kind: str) -> str:
    return selfsup(made, "where", "rotation", kind, "--suite", "own").stdout.strip()


def test_own_images_from_registration_to_features_by_hand(own: Clone):
    assert "40 all" in selfsup(own, "register", "own").stdout
    for command, kind in (
        ("prepare", "prepared"),
        ("pretrain", "weights"),
        ("features", "features"),
        ("evaluate", "results"),
    ):
        selfsup(own, command, where(own, kind), "--suite", "own")
    results = where(own, "results")
    traced = selfsup(own, "trace", results).stdout
    assert "params" in traced
    assert own.planned("own") == {"report": 1}

    selfsup(own, "sweep", "--suite", "smoke")
    done = selfsup(own, "where", "rotation", "results", "--suite", "own")
    assert done.stdout.strip() == results
    assert f"{results} lies in .archive/{results}: another suite is in data/ now" in done.stderr
    assert selfsup(own, "trace", results).stdout.replace(".archive/data/", "data/") == traced
    image = next((own.folder.parent / "root" / "own").glob("*/*.png"))
    assert "out.h5" in selfsup(own, "embed", "rotation", str(image), "--suite", "own", "--out", "out.h5").stdout
    absent = selfsup(own, "where", "simclr", "weights", "--suite", "smoke").stderr
    assert re.search(r"data/weights/\S+ is not made yet; `snakemake data/weights/\S+/spec.json` makes it", absent)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda root: (root / "own/cat/1.png").write_bytes((root / "own/cat/1.png").read_bytes()[:900]), "cat/1.png"),
        (lambda root: (root / "own/empty").mkdir(), "empty"),
        (lambda root: shutil.rmtree(root / "own"), "own"),
        (lambda root: (root / "own/cat/1.png").write_text("no image"), "cat/1.png"),
    ],
    ids=["truncated", "empty class", "missing", "no image"],
)
def test_a_broken_folder_is_named(own: Clone, spoil, sentence):
    spoil(own.folder.parent / "root")
    assert sentence in refused(own, "register", "own")
    assert not (own.folder / "params/data/own.lock").exists()


def test_files_that_changed_since_registration_are_refused(own: Clone):
    selfsup(own, "register", "own")
    (own.folder.parent / "root/own/cat/1.png").unlink()
    sentence = refused(own, "prepare", where(own, "prepared"), "--suite", "own")
    assert "params/data/own.lock" in sentence
    assert "register" in sentence


def test_planning_names_the_missing_root_before_any_job(own: Clone):
    selfsup(own, "register", "own")
    done = own.run("snakemake", "--config", "suite=own", check=False, SELFSUP_DATA_ROOT="")
    assert done.returncode == 1
    assert "selfsup: SELFSUP_DATA_ROOT is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_misspelt_key_and_too_large_a_batch(own: Clone):
    selfsup(own, "register", "own")
    own.edit("params/suites/own.yaml", "batch_size: 8", "batch_sizes: 8")
    sentence = refused(own, "where", "rotation", "weights", "--suite", "own")
    assert "params/suites/own.yaml, run rotation: unknown key batch_sizes: did you mean batch_size?" in sentence
    own.edit("params/suites/own.yaml", "batch_sizes: 8", "batch_size: 64")
    assert "batch_size is 64, but params/data/own.yaml has 32" in refused(
        own, "where", "rotation", "weights", "--suite", "own"
    )
    own.edit("params/suites/own.yaml", "batch_size: 64", "batch_size: 8")
    assert "no run rotatoin" in refused(own, "where", "rotatoin", "weights", "--suite", "own")
    assert "params/suites/nosuch.yaml is missing" in refused(own, "where", "rotation", "weights", "--suite", "nosuch")


def test_a_damaged_or_missing_parent_is_named(own: Clone):
    selfsup(own, "register", "own")
    prepared = where(own, "prepared")
    assert f"{prepared} is missing" in refused(own, "pretrain", where(own, "weights"), "--suite", "own")
    selfsup(own, "prepare", prepared, "--suite", "own")
    selfsup(own, "pretrain", where(own, "weights"), "--suite", "own")
    selfsup(own, "features", where(own, "features"), "--suite", "own")
    for kind, command, target in (("features", "evaluate", "results"), ("prepared", "pretrain", "weights")):
        folder = where(own, kind)
        file = own.folder / folder / "train.h5"
        with file.open("r+b") as handle:
            handle.truncate(file.stat().st_size // 2)
        own.run("rm", "-rf", where(own, target), f".archive/{where(own, target)}")
        done = selfsup(own, command, where(own, target), "--suite", "own", check=False)
        assert done.returncode == 1
        assert f"{folder} has other bytes than were made in train.h5" in done.stderr
        assert f"rm -r {folder} .archive/{folder}" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_loss_that_is_no_number_leaves_no_run(own: Clone):
    selfsup(own, "register", "own")
    own.edit(
        "params/suites/own.yaml",
        "epochs: 1",
        "epochs: 1, optimiser.learning_rate: 1.0e+4, optimiser.weight_decay: 1.0e+8",
    )
    selfsup(own, "prepare", where(own, "prepared"), "--suite", "own")
    done = selfsup(own, "pretrain", where(own, "weights"), "--suite", "own", check=False)
    assert done.returncode == 1
    assert "lower optimiser.learning_rate" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (own.folder / where(own, "weights")).exists()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(own: Clone):
    """A limit on the size of a file stands for the disk's: the kernel refuses the write all the same."""
    selfsup(own, "register", "own")
    prepare = f"trap '' XFSZ; ulimit -f 8; selfsup prepare {where(own, 'prepared')} --suite own"
    done = own.run("bash", "-c", prepare, check=False, SELFSUP_DATA_ROOT=str(own.folder.parent / "root"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "run the same command again" in done.stderr
    assert not list((own.folder / "data").rglob("*.h5"))


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("{method: jigsaw, name: jigsaw, set: {batch_size: 8}}", "jigsaw"),
        ("{method: simclr, name: simclr, set: {batch_size: 1}}", "params/suites/own.yaml, run simclr: batch_size is 1"),
        ("{method: split_brain_depth, name: depth, set: {batch_size: 8}}", "depth"),
    ],
    ids=["too small an image", "too small a batch", "no depth"],
)
def test_what_a_recipe_cannot_do_is_said_before_anything_is_made(own: Clone, run: str, sentence: str):
    selfsup(own, "register", "own")
    own.edit("params/suites/own.yaml", "{method: rotation, name: rotation, set: {epochs: 1, batch_size: 8}}", run)
    assert sentence in refused(own, "check", "--suite", "own")
    root = str(own.folder.parent / "root")
    done = own.run("snakemake", "--config", "suite=own", check=False, SELFSUP_DATA_ROOT=root)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (own.folder / "data" / "prepared").exists()


def test_grey_images_are_refused_to_a_method_of_colours(own: Clone):
    for file in (own.folder.parent / "root/own").glob("*/*.png"):
        Image.open(file).convert("L").save(file)
    selfsup(own, "register", "own")
    assert "grey: true" in (own.folder / "params/data/own.lock").read_text()
    run = "{method: colorization, name: colorization, set: {batch_size: 8}}"
    own.edit("params/suites/own.yaml", "{method: rotation, name: rotation, set: {epochs: 1, batch_size: 8}}", run)
    assert "grey" in refused(own, "check", "--suite", "own")
