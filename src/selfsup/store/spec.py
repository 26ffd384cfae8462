"""`spec.json`: what determined an artefact, the hashes of its files, what it was made with, and a checksum of all that."""

import hashlib
import importlib.metadata
import json
import platform
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.errors import InputError
from selfsup.store.artefact import Artefact, sha256

LIBRARIES = (
    *("h5py", "numpy", "opencv-python-headless", "pillow", "scipy", "soundfile", "soxr"),
    *("tokenizers", "torch", "torchvision"),
)
INSTRUCTION_SETS = ("avx512f", "avx2", "sve", "asimd", "sse4_2")


def write_spec(artefact: Artefact, folder: Path, **history: Any) -> None:
    """Write ``spec.json`` into a finished folder; ``history`` records where its files come from, if they were reused."""
    content = spec(artefact, folder) | history
    text = json.dumps(content | {"checksum": sha256(content)}, indent=1, sort_keys=True) + "\n"
    (folder / "spec.json").write_text(text, encoding="utf-8")


def is_intact(content: dict[str, Any]) -> bool:
    """Return whether a spec is as it was written, by its own checksum."""
    return content.get("checksum") == sha256({key: value for key, value in content.items() if key != "checksum"})


def spec(artefact: Artefact, folder: Path) -> dict[str, Any]:
    """Return determinants, hashes of definitions and files, parents' folders, the content key, and the machine."""
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
    """Return the sha256 of every file of an artefact except its spec, by its path below ``folder``."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / "spec.json"]
    return {str(path.relative_to(folder)): file_hash(path) for path in paths}


def file_hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_spec(folder: Path) -> dict[str, Any]:
    """Return the content of an artefact's spec; InputError where it cannot be parsed."""
    try:
        content: dict[str, Any] = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{folder} has a spec.json that cannot be read ({error!r}); `selfsup verify` names what to remove"
        ) from None
    return content


def content_key(artefact: Artefact) -> str:
    """Return the hash of what determines an artefact once its parents exist, with their contents in place of digests.

    Two artefacts of one key are equal, even if their parents were made by different code.
    """
    parents = {role: read_spec(parent.folder)["files"] for role, parent in artefact.parents.items()}
    return sha256({**artefact.determinants, "seed": artefact.seed, "parents": parents})[:24]


def made_with(threads: int) -> dict[str, Any]:
    """Return what can change the last bits of a result but is not in its digest: libraries, processor, threads."""
    versions = {library: version for library in LIBRARIES if (version := _version(library))}
    processor = {"machine": platform.machine(), "instruction_set": instruction_set(), "threads": threads}
    return {"python": platform.python_version(), **versions, **processor}


@cache
def instruction_set() -> str:
    """Return the widest vector instructions of this processor, by which libraries choose kernels, e.g. ``avx512f``."""
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
