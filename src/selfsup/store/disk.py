"""The store: builds artefacts all or nothing, archives them, and restores them."""

import contextlib
import fcntl
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup.errors import InputError
from selfsup.store import whole
from selfsup.store.artefact import FOLDERS, Artefact
from selfsup.store.saved import saved
from selfsup.store.spec import content_key, read_spec, write_spec

if TYPE_CHECKING:
    from selfsup.store.graph import Graph

PARTIAL = Path("data/.partial")
ARCHIVE = Path(".archive")
INDEX = ARCHIVE / "by-content"


def locate(folder: Path, suite: str) -> Artefact:
    """Return the artefact of a folder; InputError where the current parameters and code lead to another."""
    if planned := saved(suite).get(folder):
        return planned
    from selfsup.config import suite as suites  # here, as below: a job of a saved plan reads no parameters
    from selfsup.store.graph import graph

    for name in chain([suite], suites.registered()):
        for artefact in graph(name).artefacts():
            if artefact.could_match(folder) and artefact.folder == folder:
                return artefact
    raise InputError(
        f"{folder}: no suite leads to it with the current params/ and src/; `selfsup where` prints the current folders"
    )


def build(artefact: Artefact, make: Callable[[Path], None]) -> None:
    """Make one artefact in a scratch folder and rename it; where another process is making it, wait and use its result.

    An archived artefact of the same parameters and code, whose parents held the same bytes, is reused instead.
    """
    with locked(artefact.folder):
        if artefact.exists() or restore(artefact.folder) or reuse_equal(artefact):
            return
        scratch = partial(artefact.folder)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            make(scratch)
            write_spec(artefact, scratch)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        place(scratch, artefact.folder)


def reuse_equal(artefact: Artefact) -> bool:
    """Reuse the files of an archived artefact with the same content key; False if there is none."""
    entry = INDEX / content_key(artefact)
    if not entry.is_file():
        return False
    twin = ARCHIVE / entry.read_text(encoding="utf-8")
    if not (twin / "spec.json").is_file() or whole.damage(twin) or read_spec(twin)["content_key"] != entry.name:
        return False
    try:
        reuse(artefact, twin, same_as=str(twin.relative_to(ARCHIVE)))
    except OSError:
        if twin.exists():
            raise
        return False  # collected as garbage meanwhile
    return True


def reuse(artefact: Artefact, source: Path, **history: Any) -> None:
    """Link the files of another artefact's folder into this one, with a spec that records where they come from."""
    scratch = partial(artefact.folder)
    _link_tree(source, scratch, ignore=shutil.ignore_patterns("spec.json"))
    write_spec(artefact, scratch, **history, made_with=read_spec(source)["made_with"])
    place(scratch, artefact.folder)


def partial(folder: Path, suffix: str = "") -> Path:
    """Return the scratch path of an unfinished artefact, which is no declared output and survives a restart."""
    return PARTIAL / ("_".join(folder.parts[1:]) + suffix)


def checkpoint(folder: Path) -> Path:
    """Return the file that an unfinished run is resumed from."""
    return partial(folder, ".checkpoint")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the artefact's lock; the system releases it with the process, so a killed job never blocks the next."""
    path = partial(folder, ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = path.open("w")
        fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle.fileno()).st_ino == path.stat().st_ino:
                break
        handle.close()  # its last holder removed the file while we waited
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        handle.close()


def place(scratch: Path, folder: Path) -> None:
    """Flush every file of a scratch folder to disk, archive it, then rename the folder: who is stopped between restores it."""
    for file in scratch.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    archive(folder, scratch)
    if folder.exists():  # without a spec: what another program left there
        remove(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch.rename(folder)
    whole.remember(folder)


def archive(folder: Path, source: Path | None = None) -> None:
    """Hard-link a finished artefact, which may still lie in ``source``, into the archive, where it takes no disk space until the
    store's copy is removed."""
    archived = ARCHIVE / folder
    if archived.exists():
        return
    unfinished = ARCHIVE / "unfinished" / partial(folder).name
    _link_tree(source or folder, unfinished)
    INDEX.mkdir(parents=True, exist_ok=True)
    # The entry first: one that leads nowhere is ignored, an artefact without one would never be found by its content.
    (INDEX / read_spec(unfinished)["content_key"]).write_text(str(folder), encoding="utf-8")
    archived.parent.mkdir(parents=True, exist_ok=True)
    unfinished.rename(archived)


def restore(folder: Path) -> bool:
    """Restore an artefact from the archive; False if it was never archived, or is damaged there, which removes it there."""
    archived = ARCHIVE / folder
    if not archived.exists():
        return False
    if problem := whole.damage(archived):
        print(f"selfsup: {archived} {problem}, and was removed", file=sys.stderr)
        remove(archived)
        return False
    scratch = partial(folder, ".restored")
    _link_tree(archived, scratch)
    place(scratch, folder)
    return True


def _link_tree(source: Path, target: Path, **options: Any) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=link, **options)


def link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def restore_all(suite: "Graph") -> None:
    """Restore a suite's artefacts from the archive, so that planning finds them.

    Parents come before children, so artefacts of equal content are found in the same pass.
    """
    if ARCHIVE.exists():
        for artefact in (artefact for artefact in suite.by_folder.values() if not artefact.exists()):
            if (ARCHIVE / artefact.folder).exists() or all(parent.exists() for parent in artefact.parents.values()):
                with locked(artefact.folder):
                    restore(artefact.folder) or reuse_equal(artefact)


def unreachable(names: Iterable[str], root: Path = Path(".")) -> list[Path]:
    """Return the folders below ``root`` (the store, or the archive) that none of these suites uses."""
    from selfsup.store.graph import graph

    used = {folder for name in names for folder in graph(name).by_folder}
    specs = [spec for top in sorted(set(FOLDERS.values())) for spec in _specs(root / top)]
    return [spec.parent for spec in specs if spec.parent.relative_to(root) not in used]


def _specs(top: Path) -> list[Path]:
    return sorted([*top.glob("*/spec.json"), *top.glob("*/s*/spec.json")])


def unfinished() -> list[Path]:
    """Return the scratch folders and checkpoints of runs that no suite uses."""
    from selfsup.config import suite as suites
    from selfsup.store.graph import graph

    used = {partial(folder).name for name in suites.registered() for folder in graph(name).by_folder}
    return [path for path in sorted(PARTIAL.glob("*")) if path.name.partition(".")[0] not in used]


def sweep(suite: str) -> list[Path]:
    """Move artefacts that a suite does not use from the store to the archive: dvc.lock is a function of the parameters.

    Folders of kinds that the suite does not make are left empty: DVC's stage has all of them as outputs.
    """
    moved = unreachable([suite])
    for folder in moved:
        archive(folder)
        remove(folder)
    for top in FOLDERS.values():
        Path(top).mkdir(parents=True, exist_ok=True)
    return moved


def remove(folder: Path) -> None:
    """Delete a folder (or an unfinished artefact's file), and its parent folder once empty.

    It is renamed out of the way first: whoever is stopped while its files are deleted leaves none that looks finished.
    """
    if folder.is_dir() and not folder.is_symlink():
        removed = (ARCHIVE if ARCHIVE in folder.parents else PARTIAL) / "removed"
        while folder.exists():  # another process that removes something may delete the folder of what was removed
            removed.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                folder.rename(removed / uuid.uuid4().hex)
        shutil.rmtree(removed, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


def branch(roots: list[Artefact], suite: "Graph") -> list[Artefact]:
    """Return the artefacts and everything made from them in a suite: removing these forces a rebuild."""
    below = {artefact.folder: artefact for artefact in roots}
    for folder, artefact in suite.by_folder.items():  # parents come first
        if any(parent.folder in below for parent in artefact.parents.values()):
            below[folder] = artefact
    return list(below.values())
