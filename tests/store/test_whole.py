"""Nothing is made from an artefact that has other bytes than were made; what has not been touched is not hashed again."""

import multiprocessing
import os
import shutil

import pytest

from selfsup.errors import InputError
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store import disk, whole
from selfsup.store.artefact import Artefact

PREPARED = Artefact("prepared", "scenes", {"n": 1}, (), {})
RUN = Artefact("weights", "toy", {"a": 1}, (), {"prepared": PREPARED}, 0)


def write(scratch):
    for name in ("train.h5", "test.h5"):
        (scratch / name).write_bytes(f"{name} of {scratch.name}".encode())


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    disk.build(PREPARED, write)
    disk.build(RUN, write)


def no_hashing(monkeypatch):
    def fail(folder):
        raise AssertionError(f"{folder} is hashed")

    monkeypatch.setattr(whole, "files", fail)


def flip(path):
    """Change a byte in place, and set the time of the change back."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    with path.open("r+b") as handle:
        handle.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchanged(path):
    other = RUN.folder / "test.h5"
    path.rename("kept"), other.rename(path), os.rename("kept", other)


DAMAGES = {
    "flipped, with its time set back": (flip, "has other bytes than were made in test.h5"),
    "exchanged": (exchanged, "has other bytes than were made in test.h5"),
    "cut": (lambda path: os.truncate(path, 3), "has other bytes than were made in test.h5"),
    "deleted": (lambda path: path.unlink(), "lacks test.h5"),
    "without a spec": (lambda path: path.with_name("spec.json").unlink(), "has no spec.json"),
    "with a file more": (lambda path: path.with_name("more").touch(), "has files that were not made with it: more"),
}


@pytest.mark.usefixtures("store")
def test_what_was_made_here_is_not_hashed(monkeypatch):
    no_hashing(monkeypatch)
    whole.require(PREPARED.folder)
    with pytest.raises(AssertionError, match="is hashed"):
        whole.require(PREPARED.folder, strict=True)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_one_sentence_with_its_fix(damage):
    harm, problem = DAMAGES[damage]
    harm(PREPARED.folder / "test.h5")
    with pytest.raises(InputError, match=rf"^{PREPARED.folder} {problem}.*`rm -r {PREPARED.folder} .archive/"):
        whole.require(PREPARED.folder)


@pytest.mark.usefixtures("store")
def test_a_copy_is_hashed_once(monkeypatch):
    shutil.copytree("data", "copy"), shutil.rmtree("data"), os.rename("copy", "data")
    whole.require(PREPARED.folder)
    no_hashing(monkeypatch)
    whole.require(PREPARED.folder)


@pytest.mark.usefixtures("store")
def test_notes_may_be_deleted_damaged_or_impossible(monkeypatch):
    shutil.rmtree(whole.COMPARED)
    whole.require(PREPARED.folder)
    (note,) = whole.COMPARED.iterdir()
    note.write_text("{")
    whole.require(PREPARED.folder)
    shutil.rmtree(whole.COMPARED)
    whole.COMPARED.touch()
    whole.require(PREPARED.folder)


@pytest.mark.usefixtures("store")
def test_a_job_is_not_made_from_a_damaged_parent(monkeypatch):
    disk.remove(RUN.folder), disk.remove(disk.ARCHIVE / RUN.folder)
    monkeypatch.setitem(jobs.MAKERS, "weights", lambda artefact, scratch, progress: write(scratch))
    flip(PREPARED.folder / "train.h5")
    with pytest.raises(InputError, match=rf"^{PREPARED.folder} has other bytes than were made in train.h5"):
        jobs.run(RUN, Progress("test"))
    assert not RUN.exists()
    flip(PREPARED.folder / "train.h5")
    jobs.run(RUN, Progress("test"))
    assert RUN.exists()


@pytest.mark.usefixtures("store")
def test_a_damaged_copy_of_the_archive_is_not_restored(capsys):
    disk.remove(RUN.folder)
    flip(disk.ARCHIVE / RUN.folder / "test.h5")
    assert not disk.restore(RUN.folder)
    assert not RUN.exists()
    assert (
        f"{disk.ARCHIVE / RUN.folder} has other bytes than were made in test.h5, and was removed"
        in capsys.readouterr().err
    )
    disk.build(RUN, write)
    assert (RUN.folder / "test.h5").read_bytes().startswith(b"test.h5 of")


def remove(folders):
    for folder in folders:
        disk.remove(folder)


@pytest.mark.usefixtures("store")
def test_several_processes_may_remove_at_once():
    folders = [PREPARED.folder.with_name(f"many-{n}") for n in range(200)]
    for folder in folders:
        folder.mkdir()
        (folder / "a").touch()
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=remove, args=(folders[n::2] + folders[:20],)) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert not any(folder.exists() for folder in folders)
