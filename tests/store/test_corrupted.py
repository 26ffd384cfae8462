"""Every file of every kind of artefact is damaged in each way: verifying names it, and nothing is made from it."""

import json
import shutil

import pytest

from selfsup.errors import InputError
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store import whole
from selfsup.store.artefact import FOLDERS
from selfsup.store.graph import graph
from selfsup.store.verify import everything, verify
from tests.clones import write_suite
from tests.conftest import ROOT, forget

PROMISE = "named by `selfsup verify`, and refused by what reads it"
pytestmark = pytest.mark.counts("files of artefacts that are damaged", PROMISE)
GROUPS = """
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs: [{method: colorization, name: colorization, set: {epochs: 1}}]
    targets: [{data: scenes-tiny, evaluations: [knn, colorization, attention]}]
experiments: [{name: infonce_bound, seeds: [0], set: {steps: 2, evaluation_samples: 512}}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The store of a suite that has every kind of artefact, and these by kind."""
    folder = tmp_path_factory.mktemp("store")
    shutil.copytree(ROOT / "params", folder / "params")
    write_suite(folder, "kinds", GROUPS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        forget()
        artefacts = list(graph("kinds").by_folder.values())
        for artefact in artefacts:
            if artefact.kind not in ("measures", "predictions", "gallery"):
                jobs.run(artefact, Progress("test"))
        yield folder, artefacts
    forget()


def flip(place):
    def harm(path):
        content = bytearray(path.read_bytes())
        content[int(place * (len(content) - 1))] ^= 1
        path.write_bytes(content)

    return harm


DAMAGES = {
    "first byte": flip(0.0),
    "byte in the middle": flip(0.5),
    "last byte": flip(1.0),
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "nothing of it": lambda path: path.write_bytes(b""),
    "one byte more": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "no file": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def restore(path, content):
    if path.is_dir():
        path.rmdir()
    path.write_bytes(content)


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_every_damage_of_every_file(made, kind, record_property, monkeypatch):
    folder, artefacts = made
    monkeypatch.chdir(folder)
    of_kind = [artefact.folder for artefact in artefacts if artefact.kind == kind]
    files = sorted(path for found in of_kind for path in found.rglob("*") if path.is_file())
    assert of_kind
    missed = []
    for path in files:
        content, owner = path.read_bytes(), next(found for found in of_kind if found in path.parents)
        for name, harm in DAMAGES.items():
            harm(path)
            found = [damage.folder for damage in verify([owner])] == [owner]
            missed += [] if found and refused(owner) else [(str(path), name)]
            restore(path, content)
    record_property("tried", len(DAMAGES) * len(files))
    record_property("broken", len(missed))
    assert not missed
    assert not list(verify(of_kind))


def refused(folder):
    try:
        whole.require(folder)
    except InputError as error:
        return str(folder) in str(error)
    return False


def test_nothing_else_is_named(made, monkeypatch):
    monkeypatch.chdir(made[0])
    assert list(verify(everything())) == []


@pytest.mark.parametrize("key", ["params", "code", "parents", "definitions", "seed", "content_key"])
def test_a_spec_that_was_edited_by_hand_is_found(made, key, monkeypatch):
    folder, artefacts = made
    monkeypatch.chdir(folder)
    (features,) = (artefact for artefact in artefacts if artefact.kind == "features")
    text = features.target.read_text()
    features.target.write_text(json.dumps(json.loads(text) | {key: "other"}))
    found = [damage.folder for damage in verify([features.folder])]
    features.target.write_text(text)
    assert found == [features.folder]
