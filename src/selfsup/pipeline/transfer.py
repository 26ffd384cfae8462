"""Moves artefacts to and from another place, without DVC: a folder, or any store that fsspec reads and writes.

There, a file is `objects/<sha256>` and an artefact `artefacts/<its folder>/spec.json`, which lists its files. The spec is
written last and read first, so an artefact that is there is whole, and a copy that was interrupted goes on where it stopped.
"""

import json
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from selfsup.errors import InputError
from selfsup.progress import Progress
from selfsup.store import disk, whole
from selfsup.store.artefact import Artefact
from selfsup.store.spec import file_hash, is_intact, read_spec

OBJECTS = disk.PARTIAL / "pulled"  # files that arrived, until their artefact is whole


class Remote:
    """A place at a URL; its errors are one sentence."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url
        try:
            self.system, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise InputError(f"{url} cannot be opened: {error}") from error

    def has(self, name: str) -> bool:
        return bool(self.call(self.system.exists, self.path(name)))

    def put(self, source: Path, name: str) -> None:
        """Copy a file there under a temporary name, then rename it."""
        unfinished = self.path(f"{name}.{uuid.uuid4().hex}.unfinished")
        self.call(self.system.makedirs, self.system._parent(unfinished), exist_ok=True)
        self.call(self.system.put_file, str(source), unfinished)
        self.call(self.system.mv, unfinished, self.path(name))

    def get(self, name: str, target: Path) -> None:
        self.call(self.system.get_file, self.path(name), str(target))

    def path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    def call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:  # each store has exceptions of its own
            raise InputError(
                f"{self.url}: {error or type(error).__name__}; run the same command again to go on"
            ) from error


def push(artefacts: Iterable[Artefact], url: str, progress: Progress) -> None:
    """Copy the artefacts that exist here and are not there; each must have its recorded bytes."""
    remote, pushed, there = Remote(url), 0, 0
    for folder in _once(artefact for artefact in artefacts if artefact.exists()):
        if remote.has(_spec(folder)):
            there += 1
            continue
        whole.require(folder)
        for name, sha256 in read_spec(folder)["files"].items():
            if not remote.has(_object(sha256)):
                remote.put(folder / name, _object(sha256))
        remote.put(folder / "spec.json", _spec(folder))
        pushed += 1
    progress.say(f"{pushed} artefacts copied to {url}, {there} were there")


def pull(artefacts: Iterable[Artefact], url: str, progress: Progress) -> None:
    """Copy the artefacts that are there and not here, and verify every file by its hash."""
    remote, pulled, missing = Remote(url), 0, 0
    for folder in _once(artefact for artefact in artefacts if not artefact.exists()):
        if remote.has(_spec(folder)):
            with disk.locked(folder):
                _pull(folder, remote)
            pulled += 1
        else:
            missing += 1
    shutil.rmtree(OBJECTS, ignore_errors=True)
    progress.say(f"{pulled} artefacts copied from {url}, {missing} are not there")


def _pull(folder: Path, remote: Remote) -> None:
    OBJECTS.mkdir(parents=True, exist_ok=True)
    scratch = disk.partial(folder, ".pulled")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    remote.get(_spec(folder), scratch / "spec.json")
    content = read_spec(scratch)
    if not is_intact(content):
        raise InputError(f"{remote.path(_spec(folder))} is damaged; delete it, and push it again")
    for name, sha256 in content["files"].items():
        target = scratch / name
        if not target.resolve().is_relative_to(scratch.resolve()):
            raise InputError(f"{remote.path(_spec(folder))} names {json.dumps(name)}, which lies outside its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        disk.link(_arrived(sha256, remote), target)
    disk.place(scratch, folder)


def _arrived(sha256: str, remote: Remote) -> Path:
    """Return a verified copy of an object."""
    copy = OBJECTS / sha256
    if not copy.exists() or file_hash(copy) != sha256:
        remote.get(_object(sha256), copy)
        if file_hash(copy) != sha256:
            copy.unlink()
            raise InputError(f"{remote.path(_object(sha256))} is damaged; delete it, and push again")
    return copy


def _once(artefacts: Iterable[Artefact]) -> list[Path]:
    return list(dict.fromkeys(artefact.folder for artefact in artefacts))


def _object(sha256: str) -> str:
    return f"objects/{sha256[:2]}/{sha256}"


def _spec(folder: Path) -> str:
    return f"artefacts/{folder.as_posix()}/spec.json"
