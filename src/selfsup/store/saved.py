"""The artefacts of a suite as its plan made them, saved for the jobs: each would digest all parameters and code again."""

import hashlib
import os
import pickle
import sys
from pathlib import Path

from selfsup import extensions
from selfsup.store.artefact import Artefact

FOLDER = Path(".snakemake/selfsup")  # beside Snakemake's own notes: it may be deleted at any time


def save(suite: str, artefacts: dict[Path, Artefact]) -> None:
    """Save a suite's artefacts by folder, with a fingerprint of all that they follow from; all or nothing."""
    sources = [folder for package in sorted(extensions.packages()) for folder in extensions.folders(package)]
    file = FOLDER / f"{suite}.pickle"
    unfinished = file.with_suffix(f".{os.getpid()}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with unfinished.open("wb") as handle:
        pickle.dump((sources, fingerprint(sources)), handle)
        pickle.dump(artefacts, handle)
    unfinished.rename(file)


def saved(suite: str) -> dict[Path, Artefact]:
    """Return what was saved; empty where a file that it follows from has other content now, or nothing was saved."""
    try:
        with (FOLDER / f"{suite}.pickle").open("rb") as handle:
            sources, then = pickle.load(handle)
            artefacts: dict[Path, Artefact] = pickle.load(handle) if fingerprint(sources) == then else {}
            return artefacts
    except Exception:  # a cache that spares a second of work: if it cannot be read, the job plans itself
        return {}


def fingerprint(sources: list[str]) -> str:
    """Return the hash of the contents of params/, of the packages in these folders, and of all entry points installed."""
    files = [path for path in Path("params").rglob("*") if path.is_file()]
    files += [path for folder in sources for path in Path(folder).rglob("*.py")]
    files += [path for folder in sys.path for path in Path(folder).glob("*-info/entry_points.txt")]
    total = hashlib.sha256(sys.version.encode())
    for path in sorted(files):
        total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
