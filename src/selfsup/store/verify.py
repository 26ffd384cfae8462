"""Checks that artefacts and reports have the bytes that were recorded when they were made."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from selfsup.errors import InputError
from selfsup.store.artefact import FOLDERS
from selfsup.store.disk import ARCHIVE
from selfsup.store.whole import compared, difference

REPORTS = Path("reports")
REPORT_HASH = 16  # digits of the hashes in a report's manifest


@dataclass(frozen=True)
class Damage:
    """A folder of the store, the archive or a report, what is wrong with it, and the folders of what was made from it."""

    folder: Path
    problem: str
    stands_on_it: list[Path]

    def __str__(self) -> str:
        made = ", ".join(map(str, self.stands_on_it))
        return f"{self.folder} {self.problem}" + (f"; made from it: {made}" if made else "")


def report(folders: list[Path]) -> None:
    """Print what is damaged among the folders, by default all; InputError where something is."""
    folders = folders or everything()
    damaged = list(verify(folders))
    for damage in damaged:
        print(damage)
    if damaged:
        raise InputError(
            f"{len(damaged)} of {len(folders)} folders are damaged; `rm -r` these and what was made from them, here and in "
            f"{ARCHIVE}, then run snakemake"
        )
    print(f"{len(folders)} folders have the bytes that were recorded")


def verify(folders: Iterable[Path]) -> Iterator[Damage]:
    """Yield what is damaged among the folders of artefacts and reports."""
    children = _children()
    for folder in folders:
        report = folder.parent == REPORTS
        if problem := _report_problem(folder) if report else compared(folder):
            yield Damage(folder, problem, [] if report else _below(folder, children))


def everything() -> list[Path]:
    """Return the folders of all artefacts of the store and of the archive, and of all finished reports."""
    tops = sorted(set(FOLDERS.values()))
    found = [folder for root in (Path(), ARCHIVE) for top in tops for folder in _artefacts(root / top)]
    return [*found, *(manifest.parent for manifest in sorted(REPORTS.glob("[!.]*/manifest.json")))]


def _artefacts(top: Path) -> list[Path]:
    """Return the folders below one of the store that hold an artefact, or should: those with files."""
    folders = {path.parent for pattern in ("*/*", "*/s*/*") for path in top.glob(pattern) if path.is_file()}
    return sorted(folders)


def _report_problem(folder: Path) -> str:
    try:
        recorded = dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"has a manifest.json that cannot be read ({error!r})"
    present = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:REPORT_HASH]
        for name in recorded
        if (folder / name).is_file()
    }
    if "index.html" not in present:  # of a clone, which has what git holds of a report: the others are DVC's
        recorded = {name: recorded[name] for name in present}
    return difference(recorded, present)


def _children() -> dict[Path, list[Path]]:
    """Return {folder: those directly made from it}, of every artefact of the store whose spec can be read."""
    children: dict[Path, list[Path]] = {}
    for top in sorted(set(FOLDERS.values())):
        for folder in _artefacts(Path(top)):
            try:
                parents = json.loads((folder / "spec.json").read_text(encoding="utf-8"))["parents"].values()
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            for parent in parents:
                children.setdefault(Path(parent), []).append(folder)
    return children


def _below(folder: Path, children: dict[Path, list[Path]]) -> list[Path]:
    found: list[Path] = []
    queue = [folder]
    for current in queue:
        new = [child for child in children.get(current, []) if child not in found]
        found += new
        queue += new
    return found
