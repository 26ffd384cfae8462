"""What is damaged is found, by name, with all that was made from it."""

import json

import pytest

from selfsup.errors import InputError
from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.verify import everything, report, verify

pytestmark = pytest.mark.counts(
    "files of artefacts that are damaged", "named by `selfsup verify`, and refused by what reads it"
)

PREPARED = Artefact("prepared", "scenes", {"n": 1}, (), {})
RUN = Artefact("weights", "toy", {"a": 1}, (), {"prepared": PREPARED}, 0)
FEATURES = Artefact("features", "toy", {"b": 1}, (), {"weights": RUN, "target": PREPARED}, 0)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(scratch):
        for name in ("train.h5", "test.h5", "deep/encoder.json"):
            (scratch / name).parent.mkdir(exist_ok=True)
            (scratch / name).write_bytes(f"{name} of {scratch.name}".encode())

    for artefact in (PREPARED, RUN, FEATURES):
        disk.build(artefact, write)
    return tmp_path


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "flipped": (flip, "has other bytes than were made in {}"),
    "emptied": (lambda path: path.write_bytes(b""), "has other bytes than were made in {}"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:3]), "has other bytes than were made in {}"),
    "deleted": (lambda path: path.unlink(), "lacks {}"),
}


def test_what_was_made_is_whole(store):
    assert len(everything()) == 6  # of the store and of the archive
    assert list(verify(everything())) == []


@pytest.mark.parametrize("artefact", [PREPARED, RUN, FEATURES], ids=lambda artefact: artefact.kind)
@pytest.mark.parametrize("file", ["train.h5", "test.h5", "deep/encoder.json"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_of_every_file_is_found(store, artefact, file, damage):
    harm, sentence = DAMAGES[damage]
    harm(artefact.folder / file)
    (found, *of_archive) = verify(everything())
    assert found.folder == artefact.folder
    assert found.problem == sentence.format(file)
    expected = {PREPARED: [RUN, FEATURES], RUN: [FEATURES], FEATURES: []}[artefact]
    assert set(found.stands_on_it) == {made.folder for made in expected}
    # A hard link shares its bytes: what is changed in place is changed there too, what is deleted is not.
    assert len(of_archive) == (damage != "deleted")


def test_files_of_two_runs_that_were_exchanged_are_found(store):
    other = Artefact("weights", "toy", {"a": 1}, (), {"prepared": PREPARED}, 1)
    disk.build(other, lambda scratch: (scratch / "train.h5").write_bytes(b"others"))
    a, b = RUN.folder / "train.h5", other.folder / "train.h5"
    a.rename(store / "x"), b.rename(a), (store / "x").rename(b)
    assert {damage.folder for damage in verify(everything())} == {RUN.folder, other.folder}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 3}'])
def test_a_damaged_spec_is_a_sentence(store, content):
    (RUN.folder / "spec.json").unlink()
    (RUN.folder / "spec.json").write_text(content)
    (found,) = verify(everything())
    assert (found.folder, "spec.json that cannot be read" in found.problem) == (RUN.folder, True)


def test_an_added_file_and_a_lost_spec_are_found(store):
    (RUN.folder / "more.txt").touch()
    (FEATURES.folder / "spec.json").unlink()
    problems = {damage.folder: damage.problem for damage in verify(everything())}
    assert problems == {
        RUN.folder: "has files that were not made with it: more.txt",
        FEATURES.folder: "has no spec.json, which every finished artefact has",
    }


def test_a_report_is_compared_with_its_manifest_and_a_clone_has_a_part_of_it(store):
    folder = store / "reports" / "smoke"
    folder.mkdir(parents=True)
    names = ("index.html", "results.csv", "metrics.json")
    for name in names:
        (folder / name).write_text(name)
    import hashlib

    hashes = {name: hashlib.sha256(name.encode()).hexdigest()[:16] for name in names}
    (folder / "manifest.json").write_text(json.dumps({"files": hashes}))
    assert list(verify(everything())) == []
    (folder / "results.csv").write_text("other")
    (found,) = verify(everything())
    assert str(found) == "reports/smoke has other bytes than were made in results.csv"
    (folder / "results.csv").write_text("results.csv")
    (folder / "index.html").unlink()
    assert list(verify(everything())) == []


def test_the_command_names_each_and_fails(store, capsys):
    report([])
    assert capsys.readouterr().out == "6 folders have the bytes that were recorded\n"
    flip(PREPARED.folder / "train.h5")
    with pytest.raises(InputError, match="2 of 6 folders are damaged"):
        report([])
    assert f"{PREPARED.folder} has other bytes than were made in train.h5; made from it: " in capsys.readouterr().out
