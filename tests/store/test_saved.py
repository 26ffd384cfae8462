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


def same(value, other):
    """Whether two plain values are equal with the types of all that is in them."""
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    if isinstance(value, list):
        return len(value) == len(other) and all(map(same, value, other))
    return (type(value), value) == (type(other), other)


@pytest.mark.parametrize("suite", ["quick", "real"])
def test_parameters_keep_their_types(project: Path, suite: str):
    by_folder = graph(suite).by_folder
    saved.save(suite, by_folder)
    for folder, artefact in saved.saved(suite).items():
        assert same(artefact.params, by_folder[folder].params), artefact.name


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
        assert (other.params, other.roots, other.seed, other.origin) == (
            artefact.params,
            artefact.roots,
            artefact.seed,
            artefact.origin,
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
    file = saved.FOLDER / "smoke.json"
    file.write_bytes(file.read_bytes().replace(b"simclr", b"simclX", 1))
    assert saved.saved("smoke") == {}
    file.unlink()
    assert saved.saved("smoke") == {}
    folder = list(planned)[-1]
    assert disk.locate(folder, "smoke").folder == folder
