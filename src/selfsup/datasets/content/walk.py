"""Files below a folder: links are followed once, hidden and system folders are not, and what is left out is told."""

import os
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from selfsup.errors import InputError

HIDDEN = (".", "@", "__MACOSX", "$RECYCLE.BIN", "System Volume Information")
LISTED = 5  # kinds of files that a sentence names


def hidden(name: str) -> bool:
    """Return whether a file or folder belongs to the system and not to the data: ``.git``, ``@eaDir``, ``__MACOSX``."""
    return name.startswith(HIDDEN)


def check_folder(root: Path) -> None:
    """Raise InputError where the folder of a user's data is not there."""
    if not root.is_dir():
        raise InputError(
            f"{root} is not a folder; set SELFSUP_DATA_ROOT to the folder that contains {root.name}, or correct source"
        )


def files_below(folder: Path, suffixes: Collection[str], skipped: Counter[str]) -> list[Path]:
    """Return the files below a folder with one of these suffixes, in any case, sorted; others are counted in ``skipped``.

    A folder that several links lead to is read once. Raises InputError where a folder cannot be read.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, onerror=_unreadable, followlinks=True):
        status = os.stat(parent)
        if (status.st_dev, status.st_ino) in seen:
            folders[:] = []
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not hidden(name))
        for name in files:
            if Path(name).suffix.lower() in suffixes:
                found += [] if hidden(name) else [Path(parent, name)]
            elif not hidden(name):
                skipped[Path(name).suffix] += 1
    return sorted(found)


def inside(folder: Path, name: str, place: str) -> Path:
    """Return the path of a name that a user's file gives to one of its files; ``place`` is where. InputError where it leaves the
    folder, or is no path."""
    path = folder / name
    if "\0" in name or not path.is_relative_to(folder) or ".." in Path(name).parts:
        raise InputError(f"{place} names {name!r}, which leaves {folder}; write a path inside it")
    return path


def tell(folder: Path, skipped: Counter[str]) -> None:
    """Print to the standard error how many files were left out, by suffix; nothing where there were none."""
    if skipped:
        kinds = [f"{count} {suffix or 'without a suffix'}" for suffix, count in skipped.most_common(LISTED)]
        others = skipped.total() - sum(count for _, count in skipped.most_common(LISTED))
        more = f", {others} others" if others else ""
        print(f"{folder}: {skipped.total()} files are left out: {', '.join(kinds)}{more}", file=sys.stderr)


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read; make it readable") from None
