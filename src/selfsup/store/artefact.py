"""An artefact's identity: its path follows from what determines it, so a file that exists is valid and times are ignored."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from selfsup.extensions import names
from selfsup.store.reach import Code, reach, words_of
from selfsup.store.syntax import builder

FOLDERS = {
    "prepared": "data/prepared",
    "table": "data/tables",
    "weights": "data/weights",
    "predictions": "data/predictions",
    "gallery": "data/gallery",
    "features": "data/features",
    "measures": "data/results",
    "results": "data/results",
    "experiment": "data/results",
}
STAGES = {  # the command, and the rule, that makes a kind
    "prepare": "prepared",
    "table": "table",
    "pretrain": "weights",
    "features": "features",
    "evaluate": "results",
    "experiment": "experiment",
}


@dataclass(frozen=True, eq=False)
class Artefact:
    """One folder of the store. ``parents`` are the artefacts that it is made from, by role; the seed is in the path.

    ``roots`` are the functions and classes that make it, as dotted names, besides those of the backbones in its parameters;
    with ``rebuilds`` also those that its parents built, since an encoder is rebuilt from its description. ``origin`` is
    the file of its parameters: part of error messages, never of the digest.
    """

    kind: str
    name: str
    params: dict[str, Any]
    roots: tuple[str, ...]
    parents: dict[str, "Artefact"]
    seed: int | None = None
    origin: str = ""
    rebuilds: bool = False

    @cached_property
    def code(self) -> Code:
        """The definitions that can change its bytes, given its parameters and what its parents can contain."""
        parents = self.parents.values() if self.rebuilds else ()
        builders = set(backbones(self.params)).union(*(builders_in(parent.code) for parent in parents))
        return reach((*self.roots, *sorted(builders)), self._given)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string that can occur in its files: in its own code and parameters, or its parents'."""
        return self._given | self.code.words

    @cached_property
    def _given(self) -> frozenset[str]:
        return frozenset(words_of(self.params)).union(*(parent.words for parent in self.parents.values()))

    @cached_property
    def determinants(self) -> dict[str, Any]:
        """Everything that determines the bytes except the seed: parameters, code, and the parents' digests."""
        return {
            "kind": self.kind,
            "params": self.params,
            "code": self.code.digest,
            "parents": {role: parent.digest for role, parent in self.parents.items()},
        }

    @cached_property
    def digest(self) -> str:
        return sha256(self.determinants)[:12]

    @cached_property
    def folder(self) -> Path:
        """Its path, e.g. ``data/weights/simclr-0a1b2c3d4e5f/s0``."""
        return self._location(self.digest)

    def could_match(self, folder: Path) -> bool:
        """Return False where the kind, name or seed of a folder differ; computes no digest."""
        return folder.match(str(self._location("*")))

    def _location(self, digest: str) -> Path:
        location = Path(FOLDERS[self.kind]) / f"{self.name}-{digest}"
        return location if self.seed is None else location / f"s{self.seed}"

    @property
    def target(self) -> Path:
        """The file that exists only in a complete folder."""
        return self.folder / "spec.json"

    def exists(self) -> bool:
        return self.target.exists()

    def needs(self) -> tuple["Artefact", ...]:
        """The artefacts that must exist to make this one; a results folder makes its own parents."""
        if self.kind != "results":
            return tuple(self.parents.values())
        parts = {part.folder for part in self.parents.values()}
        needs = {need.folder: need for part in self.parents.values() for need in part.parents.values()}
        return tuple(need for folder, need in needs.items() if folder not in parts)


def backbones(params: Any) -> list[str]:
    """Return the functions that build the backbones named in parameters, at any depth."""
    if isinstance(params, dict):
        own = [builder(params["backbone"])] if "backbone" in params else []
        return own + backbones(list(params.values()))
    return [name for value in params for name in backbones(value)] if isinstance(params, list) else []


def builders_in(code: Code) -> set[str]:
    """Return the functions among reached code that build a backbone."""
    return {builder(name) for name in names("nn.backbones")} & code.hashes.keys()


def sha256(value: Any) -> str:
    """Return the hash of a value of plain types, whatever the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
