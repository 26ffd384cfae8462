"""Whether an artefact that is about to be read has the bytes with which it was made.

Its files are hashed only where their size, time of change, or place on the disk differ from those at which their hashes were
last compared; a notebook, a copy or a pull changes these. What a disk changes by itself is found by `selfsup verify` alone.
"""

import contextlib
import json
import os
from pathlib import Path

from selfsup.errors import InputError
from selfsup.store.saved import FOLDER
from selfsup.store.spec import files, is_intact, read_spec

COMPARED = FOLDER / "compared"
State = dict[str, list[int]]


def require(folder: Path, strict: bool = False) -> None:
    """Raise InputError where an artefact has other files than its spec records; ``strict`` hashes them in any case."""
    if problem := compared(folder) if strict else damage(folder):
        raise InputError(
            f"{folder} {problem}; remove it here and in the archive, `rm -r {folder} .archive/{folder}`, and what was made from "
            "it, which `selfsup verify` names, then run snakemake again"
        )


def damage(folder: Path) -> str:
    """Return what is wrong with an artefact, empty if nothing; its files are hashed only where they may have changed."""
    state = _state(folder)
    if state == _remembered(folder):
        return ""
    problem = compared(folder)
    if not problem:
        remember(folder, state)
    return problem


def compared(folder: Path) -> str:
    """Return how the hashes of an artefact's files differ from those in its spec, empty where they are equal."""
    try:
        content = read_spec(folder)
        recorded = dict(content["files"])
    except FileNotFoundError:
        return "has no spec.json, which every finished artefact has"
    except (OSError, InputError, KeyError, TypeError) as error:
        return f"has a spec.json that cannot be read ({error!r})"
    if not is_intact(content):
        return "has a spec.json that was changed after it was written"
    return difference(recorded, files(folder))


def difference(recorded: dict[str, str], present: dict[str, str]) -> str:
    """Return in words how the files that are present differ from the recorded ones; both are hashes by name."""
    other = {name for name in recorded if present.get(name) not in (None, recorded[name])}
    for problem, names in (
        ("lacks", recorded.keys() - present.keys()),
        ("has other bytes than were made in", other),
        ("has files that were not made with it:", present.keys() - recorded.keys()),
    ):
        if names:
            return f"{problem} {', '.join(sorted(names))}"
    return ""


def remember(folder: Path, state: State | None = None) -> None:
    """Note that the files of an artefact have just been compared, or made; a note that cannot be written costs a hash."""
    note = _note(folder)
    unfinished = note.with_suffix(f".{os.getpid()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(_state(folder) if state is None else state), encoding="utf-8")
        unfinished.rename(note)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _remembered(folder: Path) -> State | None:
    try:
        state: State = json.loads(_note(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state


def _note(folder: Path) -> Path:
    return COMPARED / f"{'_'.join(folder.parts)}.json"


def _state(folder: Path) -> State:
    """Return what the file system says of each file; the time of change (ctime) is set by every write, link and copy."""
    stats = {str(path.relative_to(folder)): path.stat() for path in folder.rglob("*") if path.is_file()}
    return {name: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for name, s in sorted(stats.items())}
