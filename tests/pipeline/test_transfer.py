"""Artefacts are copied to a place and back: whole or not at all, each file verified, without DVC."""

import json
import shutil
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from selfsup.errors import InputError
from selfsup.pipeline import transfer
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.verify import everything, verify

PREPARED = Artefact("prepared", "scenes", {"n": 1}, (), {})
RUNS = [Artefact("weights", "toy", {"a": n}, (), {"prepared": PREPARED}, n) for n in range(3)]
ALL = [PREPARED, *RUNS, PREPARED]
SAY = Progress("test")


def write(scratch):
    for name in ("a.h5", "deep/b.json"):
        (scratch / name).parent.mkdir(exist_ok=True)
        (scratch / name).write_bytes(f"{name} of {scratch.name}".encode())
    (scratch / "same.h5").write_bytes(b"the same in all")


@pytest.fixture
def store(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for artefact in dict.fromkeys(ALL):
        disk.build(artefact, write)
    return tmp_path


def elsewhere(store, monkeypatch, name="other"):
    (store / name).mkdir()
    monkeypatch.chdir(store / name)


def bytes_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted((folder / "data").rglob("*")) if p.is_file()}


def to(store, kind):
    return {"a folder": str(store / "remote"), "file": (store / "remote").as_uri(), "memory": f"memory://{store.name}"}[
        kind
    ]


@pytest.mark.parametrize("kind", ["a folder", "file", "memory"])
def test_what_is_pulled_is_what_was_pushed(store, kind, monkeypatch, capsys):
    transfer.push(ALL, to(store, kind), SAY)
    assert "4 artefacts copied" in capsys.readouterr().err
    transfer.push(ALL, to(store, kind), SAY)
    assert "0 artefacts copied" in capsys.readouterr().err
    elsewhere(store, monkeypatch)
    transfer.pull(ALL, to(store, kind), SAY)
    assert bytes_of(Path()) == bytes_of(store / "here")
    assert list(verify(everything())) == []
    assert not list(disk.PARTIAL.iterdir())


def test_equal_files_are_there_once(store):
    transfer.push(ALL, str(store / "remote"), SAY)
    objects = [file for file in (store / "remote" / "objects").rglob("*") if file.is_file()]
    assert len(objects) == 1 + 2 * 4


def test_what_is_not_there_is_said(store, monkeypatch, capsys):
    transfer.push(ALL[:2], str(store / "remote"), SAY)
    elsewhere(store, monkeypatch)
    transfer.pull(ALL, str(store / "remote"), SAY)
    assert "2 artefacts copied" in (said := capsys.readouterr().err)
    assert "2 are not there" in said
    assert [artefact.exists() for artefact in ALL] == [True, True, False, False, True]


class Failing(LocalFileSystem):
    """A folder whose n-th operation fails, as a connection does."""

    left = 0

    def _counted(self, name, *arguments, **named):
        type(self).left -= 1
        if type(self).left == 0:
            raise ConnectionResetError("the connection was reset")
        return getattr(super(), name)(*arguments, **named)


for _name in ("exists", "put_file", "get_file", "mv", "makedirs"):
    setattr(Failing, _name, lambda self, *a, _name=_name, **k: self._counted(_name, *a, **k))


def failure(verb, remote):
    try:
        getattr(transfer, verb)(ALL, str(remote), SAY)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.counts(
    "connections that fail while artefacts are copied", "whole artefacts or none, and the same again ends it"
)
@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_connection_that_fails_at_any_operation_leaves_whole_artefacts(store, verb, monkeypatch, record_property):
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (Failing(skip_instance_cache=True), url))
    Failing.left = 0
    transfer.push(ALL, str(store / "remote"), SAY)
    at = 0
    while True:
        at += 1
        remote = store / f"remote{at}" if verb == "push" else store / "remote"
        if verb == "pull":
            elsewhere(store, monkeypatch, f"other{at}")
        Failing.left = at
        if not (sentence := failure(verb, remote)):
            break
        assert "the connection was reset; run the same command again to go on" in sentence
        assert list(verify(everything())) == []
        Failing.left = 0
        getattr(transfer, verb)(ALL, str(remote), SAY)
        if verb == "push":
            elsewhere(store, monkeypatch, f"check{at}")
            transfer.pull(ALL, str(remote), SAY)
        assert bytes_of(Path()) == bytes_of(store / "here")
        monkeypatch.chdir(store / "here")
    record_property("tried", at - 1)
    assert at > 10


@pytest.mark.parametrize("name", ["objects", "artefacts"])
def test_what_is_damaged_there_is_not_taken(store, name, monkeypatch):
    transfer.push(ALL, str(store / "remote"), SAY)
    for file in (store / "remote" / name).rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"e", b"3"))
    elsewhere(store, monkeypatch)
    with pytest.raises(InputError, match=r"is damaged; delete it, and push|cannot be read"):
        transfer.pull(ALL, str(store / "remote"), SAY)
    assert not any(artefact.exists() for artefact in ALL)


def test_what_is_damaged_here_is_not_pushed(store):
    (PREPARED.folder / "a.h5").write_bytes(b"other")
    with pytest.raises(InputError, match=f"{PREPARED.folder} has other bytes than were made in a.h5"):
        transfer.push(ALL, str(store / "remote"), SAY)


@pytest.mark.parametrize("name", ["../../../evil", "/tmp/evil-of-selfsup"])
def test_a_name_that_leaves_its_folder_is_refused(store, name, monkeypatch):
    from selfsup.store.artefact import sha256

    transfer.push([PREPARED], str(store / "remote"), SAY)
    spec = store / "remote" / "artefacts" / PREPARED.target
    content = json.loads(spec.read_text())
    content["files"] = {name: content["files"]["a.h5"]}
    content["checksum"] = sha256({key: value for key, value in content.items() if key != "checksum"})
    spec.write_text(json.dumps(content))
    elsewhere(store, monkeypatch)
    with pytest.raises(InputError, match="which lies outside its folder"):
        transfer.pull([PREPARED], str(store / "remote"), SAY)
    assert not (store / "evil").exists()
    assert not Path("/tmp/evil-of-selfsup").exists()


@pytest.mark.parametrize("url", ["no-such-protocol://x/y", "/proc/nothing/here"])
def test_a_url_that_cannot_be_used_is_one_sentence(store, url):
    with pytest.raises(InputError, match="^" + url.partition(":")[0]):
        transfer.push(ALL, url, SAY)
    shutil.rmtree(store / "here" / "data")
