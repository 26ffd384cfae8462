"""The store: builds artefacts all or nothing, archives them, and finds them again."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from selfsup.config import suite as suites
from selfsup.errors import InputError
from selfsup.store.artefact import FOLDERS, Artefact
from selfsup.store.chains import chains, experiments
from selfsup.store.spec import content_key, read_spec, write_spec

PARTIAL = Path("data/.partial")
KEEP = Path(".keep")
INDEX = KEEP / "by-content"


def reachable(suite: str) -> dict[Path, Artefact]:
    """Return every artefact that a suite leads to, by folder."""
    return {artefact.folder: artefact for artefact in _every(suite)}


def _every(suite: str) -> Iterator[Artefact]:
    for _, group in chains(suite):
        for chain in group:
            yield from chain.every()
    for seeds in experiments(suite).values():
        yield from seeds


def locate(folder: Path, suite: str | None = None) -> Artefact:
    """Return the artefact whose folder this is; InputError where today's parameters and code lead to another."""
    order = [suite or suites.default(), *suites.names()]
    for name in dict.fromkeys(order):
        for artefact in _every(name):
            if artefact.could_match(folder) and artefact.folder == folder:
                return artefact
    raise InputError(
        f"{folder}: no suite leads to it with today's params/ and src/; ask `selfsup where` for what they lead to"
    )


def build(artefact: Artefact, make: Callable[[Path], None]) -> None:
    """Make one artefact in a scratch folder and rename it into place; wait for, and take, what an orphan is building.

    One of the same parameters and code, whose parents held the same bytes, is found again, not made.
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
        keep(artefact.folder)


def reuse_equal(artefact: Artefact) -> bool:
    """Reuse the files of an archived artefact with the same content key; False if there is none."""
    entry = INDEX / content_key(artefact)
    if not entry.is_file():
        return False
    twin = KEEP / entry.read_text(encoding="utf-8")
    if not (twin / "spec.json").is_file() or read_spec(twin)["content_key"] != entry.name:
        return False
    reuse(artefact, twin, same_as=str(twin.relative_to(KEEP)))
    return True


def reuse(artefact: Artefact, source: Path, **history: Any) -> None:
    """Link the files of another artefact's folder into this one, with a spec that records where they come from."""
    scratch = partial(artefact.folder)
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(source, scratch, copy_function=_link, ignore=shutil.ignore_patterns("spec.json"))
    write_spec(artefact, scratch, **history, made_with=read_spec(source)["made_with"])
    place(scratch, artefact.folder)
    keep(artefact.folder)


def partial(folder: Path, suffix: str = "") -> Path:
    """Return the scratch path of an unfinished artefact, which is no declared output and survives a restart."""
    return PARTIAL / ("_".join(folder.parts[1:]) + suffix)


def checkpoint(folder: Path) -> Path:
    """Return the file that an unfinished run is resumed from."""
    return partial(folder, ".checkpoint")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the artefact's lock; it dies with its process, so a killed job never blocks the next."""
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
    """Flush every file of a scratch folder to disk, then rename it into its place."""
    for file in scratch.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch.rename(folder)


def keep(folder: Path) -> None:
    """Hard-link a finished artefact into the archive: it costs no disk until it is removed from the store."""
    kept = KEEP / folder
    if kept.exists():
        return
    unfinished = kept.with_name(kept.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(folder, unfinished, copy_function=_link)
    unfinished.rename(kept)
    INDEX.mkdir(parents=True, exist_ok=True)
    (INDEX / read_spec(kept)["content_key"]).write_text(str(folder), encoding="utf-8")


def restore(folder: Path) -> bool:
    """Restore an artefact from the archive; False if it was never archived."""
    kept = KEEP / folder
    if not (kept / "spec.json").exists():
        return False
    scratch = partial(folder, ".restored")
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(kept, scratch, copy_function=_link)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch.rename(folder)
    return True


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def restore_all(suite: str) -> None:
    """Restore a suite's artefacts from the archive, so that planning finds them.

    Parents come before children, so artefacts of equal content are found in the same pass.
    """
    if KEEP.exists():
        for folder, artefact in reachable(suite).items():
            if artefact.exists():
                continue
            known = (KEEP / folder).exists()
            if known or all(parent.exists() for parent in artefact.parents.values()):
                with locked(folder):
                    restore(folder) or reuse_equal(artefact)


def unreachable(asked: list[str], root: Path = Path(".")) -> list[Path]:
    """Return the folders below ``root`` (the store, or the archive) that none of these suites uses."""
    wanted = {folder for name in asked for folder in reachable(name)}
    tops = {Path(place) for place in FOLDERS.values()}
    return [
        spec.parent
        for top in sorted(tops)
        for spec in _specs(root / top)
        if spec.parent.relative_to(root) not in wanted
    ]


def _specs(top: Path) -> list[Path]:
    return sorted([*top.glob("*/spec.json"), *top.glob("*/s*/spec.json")])


def unfinished() -> list[Path]:
    """Return the scratch folders and checkpoints of runs that no suite uses."""
    wanted = {partial(folder).name for name in suites.names() for folder in reachable(name)}
    return [path for path in sorted(PARTIAL.glob("*")) if path.name.partition(".")[0] not in wanted]


def sweep(suite: str) -> list[Path]:
    """Move artefacts that a suite does not use from the store to the archive: dvc.lock is a function of the parameters."""
    moved = unreachable([suite])
    for folder in moved:
        keep(folder)
        remove(folder)
    return moved


def remove(folder: Path) -> None:
    """Delete one artefact's folder (or an unfinished one's file), and its parent folder once empty."""
    if folder.is_dir():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


def branch(roots: list[Artefact], suite: str) -> list[Artefact]:
    """Return the artefacts and everything made from them in a suite: removing these forces a rebuild."""
    hit = {artefact.folder: artefact for artefact in roots}
    every = reachable(suite)
    while new := {f: a for f, a in every.items() if f not in hit and any(p.folder in hit for p in a.parents.values())}:
        hit |= new
    return list(hit.values())
