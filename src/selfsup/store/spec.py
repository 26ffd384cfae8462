"""`spec.json`: what determined an artefact, what its files hold, and what it was made with."""

import hashlib
import importlib.metadata
import json
import platform
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.store.artefact import Artefact, sha256

LIBRARIES = (
    *("h5py", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "soundfile", "soxr"),
    *("tokenizers", "torch", "torchvision"),
)
INSTRUCTION_SETS = ("avx512f", "avx2", "sve", "asimd", "sse4_2")


def write_spec(artefact: Artefact, folder: Path, **history: Any) -> None:
    """Write ``spec.json`` into a finished folder; ``history`` says where its files come from, if they were not made here."""
    text = json.dumps(spec(artefact, folder) | history, indent=1, sort_keys=True) + "\n"
    (folder / "spec.json").write_text(text, encoding="utf-8")


def spec(artefact: Artefact, folder: Path) -> dict[str, Any]:
    """Return determinants, code by definition, parents' folders, the hash of each file, the key by content, the machine."""
    return {
        **artefact.determinants,
        "definitions": artefact.code.hashes,
        "seed": artefact.seed,
        "parents": {role: str(parent.folder) for role, parent in artefact.parents.items()},
        "files": files(folder),
        "content_key": content_key(artefact),
        "made_with": made_with(artefact.params.get("threads", 1)),
    }


def files(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of an artefact by its path below ``folder``, but for its spec."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / "spec.json"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def read_spec(folder: Path) -> dict[str, Any]:
    """Return what the ``spec.json`` of a folder says."""
    content: dict[str, Any] = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    return content


def content_key(artefact: Artefact) -> str:
    """Return what decides an artefact's bytes once its parents exist: as its digest, but with what the parents hold.

    Two artefacts of one key are equal, though their parents were made from other code.
    """
    parents = {role: read_spec(parent.folder)["files"] for role, parent in artefact.parents.items()}
    return sha256({**artefact.determinants, "seed": artefact.seed, "parents": parents})[:24]


def made_with(threads: int) -> dict[str, Any]:
    """Return what can move the last bits of a result and is no part of its digest: libraries, processor, threads."""
    versions = {library: version for library in LIBRARIES if (version := _version(library))}
    processor = {"machine": platform.machine(), "instruction_set": instruction_set(), "threads": threads}
    return {"python": platform.python_version(), **versions, **processor}


@cache
def instruction_set() -> str:
    """Return the widest vector instructions of this processor that libraries choose their kernels by, e.g. ``avx512f``."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    flags = {
        flag for line in text.splitlines() if line.lower().startswith(("flags", "features")) for flag in line.split()
    }
    return next((name for name in INSTRUCTION_SETS if name in flags), "unknown")


@cache
def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""
