"""Every change of the store is stopped at each of its file operations in turn: what remains is whole, and again ends it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.verify import everything, verify

PREPARED = Artefact("prepared", "scenes", {"n": 1}, (), {})
RUNS = [Artefact("weights", "toy", {"a": n}, (), {"prepared": PREPARED}, 0) for n in range(2)]
FILES = ("a.h5", "b.h5", "deep/c.json")

# A child process that ends, as by SIGKILL or with a full disk, before its n-th operation that changes a file system.
CHILD = """
import errno, os, shutil, sys
from pathlib import Path
from tests.store.test_stopped import VERBS
verb, stop_at, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate")
count = 0
def watch(event, arguments):
    global count
    if event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        count += 1
        if count == stop_at and how == "kill":
            os._exit(137)
        if count == stop_at:
            raise OSError(errno.ENOSPC, "as a full disk would", str(arguments[0]))
VERBS[verb](watch)
print(count)
"""


def write(scratch):
    for name in FILES:
        (scratch / name).parent.mkdir(exist_ok=True)
        (scratch / name).write_bytes(f"{name} of {scratch.name}".encode())


def new_report():
    """Publish a report, newer than that of ``begin``, of the files that a report has."""
    from selfsup.pipeline import publish  # here: it imports for longer than other verbs take

    scratch = publish.REPORTS / ".quick.partial"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "tables").mkdir(parents=True)
    for name in ("index.html", "tables/a.csv"):
        (scratch / name).write_text(f"{name}, made {'again' if (publish.REPORTS / 'made').exists() else 'first'}")
    hashes = {name: publish._sha256((scratch / name).read_bytes()) for name in ("index.html", "tables/a.csv")}
    (scratch / "manifest.json").write_text(json.dumps({"files": hashes}))
    publish._publish(scratch, publish.REPORTS / "quick")


def watched(change):
    """Return the change with the watch set as late as it is about the store."""

    def run(watch):
        sys.addaudithook(watch)
        change()

    return run


VERBS = {
    "build": watched(lambda: disk.build(RUNS[1], write)),
    "restore": watched(lambda: disk.restore(RUNS[0].folder)),
    "remove": watched(lambda: disk.remove(RUNS[0].folder)),
    "remove from the archive": watched(lambda: disk.remove(disk.ARCHIVE / RUNS[0].folder)),
    "sweep": watched(lambda: (disk.archive(RUNS[0].folder), disk.remove(RUNS[0].folder))),
    "publish": watched(new_report),
}
BEFORE = {  # the state from which each begins, beside the artefacts of PREPARED and the first run
    "restore": lambda: disk.remove(RUNS[0].folder),
    "sweep": lambda: disk.remove(disk.ARCHIVE / RUNS[0].folder),
}


def begin(folder, verb):
    os.chdir(folder)
    disk.build(PREPARED, write)
    disk.build(RUNS[0], write)
    if verb == "publish":
        new_report()
        Path("reports", "made").touch()
    BEFORE.get(verb, lambda: None)()


def stopped(folder, verb, at, how):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-c", CHILD, verb, str(at), how]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def content(folder):
    """Return every file that is not unfinished work, with its bytes."""
    found = sorted(
        path for top in ("data", ".archive", "reports") for path in (folder / top).rglob("*") if path.is_file()
    )
    unfinished = ("data/.partial", ".archive/removed", ".archive/unfinished", "reports/.quick.")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not str(path.relative_to(folder)).startswith(unfinished)
    }


@pytest.mark.counts(
    "file operations of the store at which a command is killed, or the disk full", "whole artefacts or none"
)
@pytest.mark.parametrize("how", ["kill", "full"])
@pytest.mark.parametrize("verb", VERBS)
def test_it_leaves_whole_artefacts_and_the_same_again_ends_it(verb, how, tmp_path, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    begin((tmp_path / "start").mkdir() or tmp_path / "start", verb)
    complete = tmp_path / "complete"
    shutil.copytree(tmp_path / "start", complete)
    operations = int(stopped(complete, verb, 0, how).stdout)
    expected = content(complete)
    assert operations >= 3
    record_property("tried", operations)
    for at in range(1, operations + 1):
        folder = tmp_path / f"stopped-{at}"
        shutil.copytree(tmp_path / "start", folder)
        done = stopped(folder, verb, at, how)
        assert done.returncode != 0 or how == "full", (at, done.stderr)
        os.chdir(folder)
        assert [str(damage) for damage in verify(everything())] == [], (verb, how, at)
        if not (verb.startswith("remove") or verb == "sweep") or RUNS[0].exists():
            again = stopped(folder, verb, 0, how)
            assert again.returncode == 0, (at, again.stderr)
        if verb != "remove from the archive" or not (folder / ".archive" / RUNS[0].folder).exists():
            assert content(folder) == expected, (verb, how, at)
