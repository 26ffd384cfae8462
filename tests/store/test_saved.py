"""A job finds its artefact in the plan that Snakemake saved, unless anything that the plan follows from has changed."""

from pathlib import Path

import pytest

from selfsup.store import disk, saved
from selfsup.store.graph import graph
from selfsup.store.spec import content_key
from tests.conftest import forget


@pytest.fixture
def planned(project: Path):
    by_folder = graph("smoke").by_folder
    saved.save("smoke", by_folder)
    return by_folder


def test_it_returns_what_was_planned(planned):
    found = saved.saved("smoke")
    assert list(found) == list(planned)
    for folder, artefact in planned.items():
        other = found[folder]
        assert (other.folder, other.determinants, other.code.hashes) == (
            folder,
            artefact.determinants,
            artefact.code.hashes,
        )
        assert {role: p.folder for role, p in other.parents.items()} == {
            role: p.folder for role, p in artefact.parents.items()
        }
        if not artefact.parents:
            assert content_key(other) == content_key(artefact)


def test_a_job_takes_it_without_reading_code(planned, monkeypatch: pytest.MonkeyPatch):
    forget()
    monkeypatch.setattr("selfsup.store.reach._Search.run", lambda self, roots: pytest.fail("planned again"))
    folder = list(planned)[-1]
    assert disk.locate(folder, "smoke").folder == folder


@pytest.mark.parametrize("file", ["params/methods/rotation.yaml", "params/data/new.yaml"])
def test_other_parameters_make_it_void(planned, file: str):
    with Path(file).open("a") as handle:
        handle.write("# a comment\n")
    assert saved.saved("smoke") == {}


def test_other_code_makes_it_void(tmp_path: Path):
    (tmp_path / "loss.py").write_text("TEMPERATURE = 0.1\n")
    before = saved.fingerprint([str(tmp_path)])
    (tmp_path / "loss.py").write_text("TEMPERATURE = 0.2\n")
    assert saved.fingerprint([str(tmp_path)]) != before


def test_a_damaged_or_missing_one_is_no_plan(planned):
    file = saved.FOLDER / "smoke.pickle"
    file.write_bytes(file.read_bytes()[:-100])
    assert saved.saved("smoke") == {}
    file.unlink()
    assert saved.saved("smoke") == {}
    folder = list(planned)[-1]
    assert disk.locate(folder, "smoke").folder == folder
