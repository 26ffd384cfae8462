"""How many files an extension touches, counted on a copy of the project: printed, and no more than promised."""

import shutil
from pathlib import Path

import pytest
import yaml

from selfsup import extensions
from selfsup.config import weights
from selfsup.store.graph import graph
from tests.conftest import ROOT, forget
from tests.pipeline.test_imported import WEIGHTS

pytestmark = pytest.mark.slow

BACKBONE = '''"""Two convolutions."""

from torch import nn


def build(in_channels: int, *, width: int) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return one stage and its channels.

    Args:
        width: channels.
    """
    return {"conv": nn.Conv2d(in_channels, width, 3, stride=2)}, {"conv": width}
'''
DATA_SET = '''"""One colour an image."""

from pathlib import Path

from pydantic import PositiveInt

PROVIDES = ("image",)
CLASSES: list[str] = []


def prepare(folder: Path, *, size_px: PositiveInt, train_examples: PositiveInt) -> None:
    """Write nothing yet.

    Args:
        size_px: side of an image.
        train_examples: images to train on.
    """
'''


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of sources and parameters that planning reads, as the working folder."""
    for name in ("src", "params"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extensions, "ROOT", tmp_path / "src" / "selfsup")
    forget()
    yield tmp_path
    monkeypatch.undo()
    forget()


def suite_with(**keys):
    """Write a suite of one group: what a user does in a suite of their own, and no file of the project."""
    group = {
        "name": "mine",
        "data": "scenes-tiny",
        "seeds": [0],
        "runs": ["random"],
        "targets": [{"data": keys.get("data", "scenes-tiny"), "evaluations": ["pretext"]}],
    }
    machine = {"device": "cpu", "precision": "float32", "threads": 1}
    content = {"title": "mine", "summary": "one", **machine, "groups": [group | keys]}
    Path("params/suites/mine.yaml").write_text(yaml.safe_dump(content))


def write(files):
    for path, text in files.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text if isinstance(text, str) else yaml.safe_dump(text))
    forget()


@pytest.mark.parametrize(
    ("what", "files", "used", "most"),
    [
        (
            "a backbone",
            {"src/selfsup/nn/backbones/two.py": BACKBONE},
            {"runs": [{"method": "random", "name": "two", "set": {"encoder": {"backbone": "two", "width": 4}}}]},
            1,
        ),
        (
            "a data set of a layout that is known",
            {"params/data/small.yaml": {"dataset": "scenes", "size_px": 32, "train_examples": 200}},
            {"data": "small"},
            1,
        ),
        (
            "a data set of its own layout",
            {
                "src/selfsup/datasets/colours.py": DATA_SET,
                "params/data/colours.yaml": {"dataset": "colours", "size_px": 32, "train_examples": 200},
            },
            {"data": "colours"},
            2,
        ),
        (
            "an imported encoder, with its lock",
            {
                "params/weights/published.yaml": WEIGHTS,
                "params/weights/published.lock": {"sha256": "0" * 64, "bytes": 1},
            },
            {"weights": ["published"]},
            2,
        ),
    ],
)
def test_it_touches_no_other_file(copy, capsys, what, files, used, most):
    before = {artefact.folder for artefact in artefacts("smoke")}
    write(files)
    weights.weights.cache_clear()
    suite_with(**used)
    assert len(artefacts("mine")) >= 4
    assert {artefact.folder for artefact in artefacts("smoke")} == before
    with capsys.disabled():
        print(f"\n{what}: {len(files)} files")
    assert len(files) <= most


def artefacts(suite):
    forget()
    return list(graph(suite).artefacts())
