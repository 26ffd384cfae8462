"""An artefact's identity: what determines it decides its path, so a file that exists is valid, and clocks decide nothing."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import signature
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import Data, Run, evaluation, experiment
from selfsup.config.suite import Group, Suite, load
from selfsup.store.closure import closure

FOLDERS = {
    "prepared": "data/prepared",
    "table": "data/tables",
    "run": "data/runs",
    "features": "data/features",
    "measures": "data/results",
    "results": "data/results",
    "experiment": "data/results",
}


@dataclass(frozen=True, eq=False)
class Artefact:
    """One folder of the store. ``parents`` are the artefacts that it is made from; the seed is in the path, not the digest.

    ``origin`` says where a person changes it: part of what a mistake is called, never of what the artefact is.
    """

    kind: str
    name: str
    params: dict[str, Any]
    modules: tuple[str, ...]
    parents: tuple["Artefact", ...] = ()
    seed: int | None = None
    origin: str = ""

    @cached_property
    def determinants(self) -> dict[str, Any]:
        """Everything that decides the bytes, but for the seed: parameters, code, and the parents' digests."""
        return {
            "kind": self.kind,
            "params": self.params,
            "code": closure(*(extensions.full_name(module) for module in self.modules)),
            "parents": [f"{parent.name}-{parent.digest}" for parent in self.parents],
        }

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.determinants, sort_keys=True).encode()).hexdigest()[:12]

    @cached_property
    def folder(self) -> Path:
        """The artefact's place, e.g. ``data/runs/simclr-0a1b2c3d4e5f/s0``."""
        return self._place(self.digest)

    def may_be(self, folder: Path) -> bool:
        """Return False where a folder's kind, name or seed are another's; costs no digest, unlike the artefact's own folder."""
        return folder.match(str(self._place("*")))

    def _place(self, digest: str) -> Path:
        place = Path(FOLDERS[self.kind]) / f"{self.name}-{digest}"
        return place if self.seed is None else place / f"s{self.seed}"

    @property
    def target(self) -> Path:
        """The file whose existence says that the whole folder is there."""
        return self.folder / "spec.json"

    def exists(self) -> bool:
        return self.target.exists()

    def needs(self) -> tuple["Artefact", ...]:
        """The artefacts that must lie on disk to make this one; a results folder makes its own measures."""
        if self.kind != "results":
            return self.parents
        found = {need.folder: need for measures in self.parents for need in measures.parents}
        return tuple(found.values())


@dataclass(frozen=True)
class Chain:
    """The artefacts of one run and seed, from its data to its results; ``measures`` by protocol."""

    run: Run
    seed: int
    prepared: Artefact
    table: Artefact | None
    pretrained: Artefact
    features: Artefact
    measures: dict[str, Artefact]
    results: Artefact

    def every(self) -> tuple[Artefact, ...]:
        table = () if self.table is None else (self.table,)
        return (self.prepared, *table, self.pretrained, self.features, *self.measures.values(), self.results)

    def of_kind(self, kind: str) -> list[Artefact]:
        """Return the artefacts of one kind, in the order in which they are made."""
        return [artefact for artefact in self.every() if artefact.kind == kind]


@cache
def chains(suite: str) -> list[tuple[Group, list[Chain]]]:
    """Return for each group of a suite the chains of its runs, seed by seed."""
    asked = load(suite)
    return [
        (group, [_chain(asked, group, run, seed) for run in group.runs for seed in group.seeds])
        for group in asked.groups
    ]


@cache
def experiments(suite: str) -> dict[str, list[Artefact]]:
    """Return for each experiment of a suite its artefacts, seed by seed: what no encoder and no data set is needed for."""
    found = {}
    for asked in load(suite).experiments:
        module, arguments = experiment(asked.name, asked.set, suite)
        params = {"experiment": module, "arguments": arguments}
        code = (f"experiments.{module}",)
        found[asked.name] = [
            Artefact("experiment", f"{asked.name}-experiment", params, code, (), seed) for seed in asked.seeds
        ]
    return found


@cache
def _prepared(dataset: str, source: str | None, arguments: str, lock: str) -> Artefact:
    params = {"arguments": json.loads(arguments), "lock": json.loads(lock), "source": source}
    return Artefact("prepared", dataset, params, (f"datasets.{dataset}",))


def prepared(source: Data) -> Artefact:
    """Return the artefact that holds a data set's HDF5 files."""
    return _prepared(source.dataset, source.source, json.dumps(source.arguments), json.dumps(source.lock))


@cache
def _table(asked: str, source: Artefact) -> Artefact:
    arguments = json.loads(asked)
    name = arguments.pop("table")
    return Artefact("table", name, arguments, (f"tables.{name}",), (source,) if table_reads(name) else ())


def _chain(suite: Suite, group: Group, run: Run, seed: int) -> Chain:
    machine = {"device": suite.device, "precision": suite.precision, "threads": suite.threads}
    backbones = _backbones(run.recipe["encoder"])
    source = prepared(group.data)
    table = _table(json.dumps(run.recipe["table"]), source) if "table" in run.recipe else None
    pretrained = Artefact(
        "run",
        run.method,
        {**run.recipe, **machine},
        ("training.pretrain", f"methods.{run.method}", *backbones),
        (source,) if table is None else (source, table),
        seed,
        run.origin,
    )
    module, arguments = evaluation("features")
    features = Artefact(
        "features",
        run.method,
        {**arguments, **machine},
        (f"evaluations.{module}", *backbones),
        (source, pretrained),
        seed,
    )
    measures = {p: _measures(p, pretrained, features, suite, backbones) for p in run.evaluations}
    results = Artefact("results", f"{run.method}-evaluations", {}, (), tuple(measures.values()), seed)
    return Chain(run, seed, source, table, pretrained, features, measures, results)


def _backbones(encoder: dict[str, Any]) -> list[str]:
    """Return the modules that an encoder is built by: more than one where it is made of parts."""
    return sorted({f"nn.backbones.{part['backbone']}" for part in encoder.get("parts", [encoder])})


def _measures(protocol: str, pretrained: Artefact, features: Artefact, suite: Suite, backbones: list[str]) -> Artefact:
    module, arguments = evaluation(protocol)
    reads_features = signature.constant(f"evaluations.{module}", "NEEDS") == "features"
    parents = (features,) if reads_features else features.parents
    modules = (f"evaluations.{module}", *(() if reads_features else backbones))
    return Artefact(
        "measures",
        f"{pretrained.name}-{protocol}",
        {"evaluation": module, "arguments": arguments, "device": suite.device, "threads": suite.threads},
        modules,
        parents,
        pretrained.seed,
    )
