"""Where artefacts lie, in the store or aside in the archive, and what they were made from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selfsup.store.disk import ARCHIVE
from selfsup.store.spec import read_spec


def place(folder: Path) -> Path | None:
    """Return the folder of a finished artefact: its own, or its copy in the archive; None where it is in neither."""
    return next((each for each in (folder, ARCHIVE / folder) if (each / "spec.json").is_file()), None)


def state(folder: Path) -> str:
    """Return a sentence about an artefact that is not in the store; empty for one that is."""
    found = place(folder)
    if found == folder:
        return ""
    if found:
        return f"{folder} lies in {found}: another suite is in data/ now; running its own suite puts it back"
    return f"{folder} is not made yet; `snakemake {folder}/spec.json` makes it, or `dvc pull` where another made it"


def lineage(folder: Path) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Yield where a folder lies and then all that it was made from, each with its spec, None where it is missing."""
    folders = [folder]
    for current in folders:
        found = place(current)
        content = read_spec(found) if found else None
        yield found or current, content
        parents = map(Path, content["parents"].values() if content else ())
        folders += [parent for parent in parents if parent not in folders]
