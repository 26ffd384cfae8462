"""The artefacts of a suite as its plan made them, saved for the jobs: each would digest all parameters and code again."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.store.artefact import Artefact
from selfsup.store.reach import Code

FOLDER = Path(".snakemake/selfsup")  # beside Snakemake's own notes: it may be deleted at any time


def save(suite: str, artefacts: dict[Path, Artefact]) -> None:
    """Save a suite's artefacts by folder, with a fingerprint of all that they follow from; all or nothing."""
    sources = [folder for package in sorted(extensions.packages()) for folder in extensions.folders(package)]
    plan = {
        "sources": sources,
        "fingerprint": fingerprint(sources),
        "codes": {artefact.code.digest: artefact.code.hashes for artefact in artefacts.values()},
        "artefacts": {str(folder): _plain(artefact) for folder, artefact in artefacts.items()},
    }
    text = json.dumps(plan)
    file = FOLDER / f"{suite}.json"
    unfinished = file.with_suffix(f".{os.getpid()}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(f"{_checksum(text)}\n{text}", encoding="utf-8")
    unfinished.rename(file)


def saved(suite: str) -> dict[Path, Artefact]:
    """Return what was saved; empty where a file that it follows from has other content now, or nothing was saved.

    It spares a second of work: if it cannot be read, the job plans itself.
    """
    try:
        checksum, _, text = (FOLDER / f"{suite}.json").read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return {}
    if _checksum(text) != checksum:
        return {}
    plan = json.loads(text)
    if plan["fingerprint"] != fingerprint(plan["sources"]):
        return {}
    codes = {digest: Code(hashes, frozenset(), frozenset()) for digest, hashes in plan["codes"].items()}
    artefacts: dict[Path, Artefact] = {}
    for folder, content in plan["artefacts"].items():  # parents come first
        artefacts[Path(folder)] = _artefact(content, codes, artefacts)
    return artefacts


def _plain(artefact: Artefact) -> dict[str, Any]:
    own = {name: getattr(artefact, name) for name in ("kind", "name", "params", "seed", "origin", "rebuilds", "digest")}
    parents = {role: str(parent.folder) for role, parent in artefact.parents.items()}
    return {**own, "roots": list(artefact.roots), "parents": parents, "code": artefact.code.digest}


def _artefact(content: dict[str, Any], codes: dict[str, Code], known: dict[Path, Artefact]) -> Artefact:
    """Return an artefact whose code and digest are those that were saved: no code is read to find them."""
    found = {"code": codes[content.pop("code")], "digest": content.pop("digest")}
    parents = {role: known[Path(folder)] for role, folder in content.pop("parents").items()}
    artefact = Artefact(**content | {"roots": tuple(content["roots"]), "parents": parents})
    artefact.__dict__.update(found)  # its cached properties
    return artefact


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(sources: list[str]) -> str:
    """Return the hash of the contents of params/, of the packages in these folders, and of all entry points installed."""
    files = [path for path in Path("params").rglob("*") if path.is_file()]
    files += [path for folder in sources for path in Path(folder).rglob("*.py")]
    files += [path for folder in sys.path for path in Path(folder).glob("*-info/entry_points.txt")]
    total = hashlib.sha256(sys.version.encode())
    for path in sorted(files):
        total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
