"""A suite as artefacts: for each run and seed a chain from its data to its results, and the experiments."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from selfsup.config import signature
from selfsup.config.files import Experiment
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import PARAMS, Run, data, evaluation, experiment
from selfsup.config.strict import require
from selfsup.config.suite import Group, Suite, load
from selfsup.errors import InputError
from selfsup.extensions import full_name
from selfsup.store.artefact import Artefact

MAKERS = "selfsup.pipeline.makers"
INSPECTED = {"predictions": "predict", "gallery": "gallery"}  # what shows what a method learned, and its maker


@dataclass(frozen=True, eq=False)
class Chain:
    """The artefacts of one run and seed, from its data to its results; ``measures`` by (target, protocol)."""

    run: Run
    seed: int
    prepared: Artefact
    weights: Artefact
    features: dict[str, Artefact]
    measures: dict[tuple[str, str], Artefact]
    results: Artefact
    table: Artefact | None = None
    predictions: Artefact | None = None
    gallery: Artefact | None = None

    def artefacts(self) -> list[Artefact]:
        """Return them in the order in which they are made."""
        targets = [features.parents["target"] for features in self.features.values()]
        last = (*targets, *self.features.values(), *self.results.parents.values(), self.results)
        return list(dict.fromkeys(a for a in (self.prepared, self.table, self.weights, *last) if a is not None))

    def needs(self, artefact: Artefact) -> bool:
        """Return whether the results of this run need an artefact; not features that no evaluation reads."""
        readers = [*self.measures.values(), self.results]
        return artefact.kind != "features" or any(artefact in reader.parents.values() for reader in readers)

    def of_kind(self, kind: str) -> list[Artefact]:
        """Return the artefacts of one kind, in the order in which they are made."""
        return [artefact for artefact in self.artefacts() if artefact.kind == kind]


@dataclass(frozen=True, eq=False)
class Graph:
    """The chains of each group of a suite, seed by seed, and for each experiment its artefacts, seed by seed."""

    suite: Suite
    groups: list[tuple[Group, list[Chain]]]
    experiments: dict[str, list[Artefact]]

    @property
    def chains(self) -> list[Chain]:
        return [chain for _, chains in self.groups for chain in chains]

    def artefacts(self) -> Iterator[Artefact]:
        """Yield every artefact, parents first; one that several chains share comes several times."""
        for chain in self.chains:
            yield from chain.artefacts()
        for seeds in self.experiments.values():
            yield from seeds

    @cached_property
    def by_folder(self) -> dict[Path, Artefact]:
        return {artefact.folder: artefact for artefact in self.artefacts()}

    def of_run(self, run: str, kind: str, seed: int | None = None) -> list[Artefact]:
        """Return the artefacts of one kind of a run, of all seeds or of one; InputError where the suite has no such run."""
        matching = [chain for chain in self.chains if chain.run.name == run and seed in (None, chain.seed)]
        if not matching:
            seeds = {str(chain.seed): None for chain in self.chains if chain.run.name == run}
            require(run, {chain.run.name for chain in self.chains}, f"suite {self.suite.name} has no run {run}")
            raise InputError(
                f"run {run} of suite {self.suite.name} has no seed {seed}; its seeds are {', '.join(seeds)}"
            )
        return list({artefact.folder: artefact for chain in matching for artefact in chain.of_kind(kind)}.values())

    def by_name(self) -> dict[str, Artefact]:
        """Return every artefact by its role in the suite, e.g. ``scenes/simclr/s0/weights``; parents first."""
        names: dict[str, Artefact | None] = {}
        for group, chains in self.groups:
            for chain in chains:
                run = f"{group.name}/{chain.run.name}"
                seed = f"{run}/s{chain.seed}"
                names |= {f"{group.name}/prepared": chain.prepared, f"{run}/table": chain.table}
                names |= {f"{seed}/{kind}": getattr(chain, kind) for kind in ("weights", "predictions", "gallery")}
                for target, features in chain.features.items():
                    names[f"{group.name}/{target}/target"] = features.parents["target"]
                    names[f"{seed}/{target}/features"] = features
                names |= {f"{seed}/{target}/{protocol}": made for (target, protocol), made in chain.measures.items()}
                names[f"{seed}/results"] = chain.results
        for name, seeds in self.experiments.items():
            names |= {f"experiment/{name}/s{artefact.seed}": artefact for artefact in seeds}
        return {name: artefact for name, artefact in names.items() if artefact is not None}


@cache
def graph(suite: str) -> Graph:
    """Return the artefacts of the suite ``params/suites/<suite>.yaml``."""
    loaded = load(suite)
    groups = [
        (group, [_chain(loaded, group, run, seed) for run in group.runs for seed in group.seeds_of(run)])
        for group in loaded.groups
    ]
    return Graph(loaded, groups, {entry.name: _experiment(suite, entry) for entry in loaded.experiments})


def _roots(maker: str, module: str, function: str) -> tuple[str, str]:
    return f"{MAKERS}.{maker}", f"{full_name(module)}.{function}"


def _origin(folder: str, name: str) -> str:
    return str(PARAMS / folder / f"{name}.yaml")


def _experiment(suite: str, entry: Experiment) -> list[Artefact]:
    module, arguments = experiment(entry.name, entry.set, suite)
    params = {"experiment": module, "arguments": arguments}
    roots = _roots("experiment", f"experiments.{module}", "measure")
    name, origin = f"{entry.name}-experiment", _origin("experiments", entry.name)
    return [Artefact("experiment", name, params, roots, {}, seed, origin) for seed in entry.seeds]


@cache
def prepared(name: str) -> Artefact:
    """Return the artefact that holds the HDF5 files of ``params/data/<name>.yaml``."""
    source = data(name)
    params = {"dataset": source.dataset, "arguments": source.arguments, "lock": source.lock, "source": source.source}
    roots = _roots("prepare", f"datasets.{source.dataset}", "prepare")
    return Artefact("prepared", source.dataset, params, roots, {}, origin=_origin("data", name))


def _table(params: dict[str, Any], source: Artefact, origin: str) -> Artefact:
    name = params["table"]
    parents = {"prepared": source} if table_reads(name) else {}
    return Artefact("table", name, params, _roots("table", f"tables.{name}", "make"), parents, origin=origin)


def _chain(suite: Suite, group: Group, run: Run, seed: int) -> Chain:
    parents = {"prepared": prepared(group.data.name)}
    if run.imported:  # one artefact, called seed 0, for all seeds
        parents["weights"] = Artefact("weights", run.name, run.recipe, (f"{MAKERS}.import_weights",), {}, 0, run.origin)
        return _scored(suite, group, run, seed, parents)
    if "table" in run.recipe:
        parents["table"] = _table(run.recipe["table"], parents["prepared"], run.origin)
    method = signature.method_roots(run.method)
    params = {**run.recipe, **_machine(suite)}

    def part(kind: str, maker: str, **weights: Artefact) -> Artefact:
        roots = (f"{MAKERS}.{maker}", *method)
        return Artefact(kind, run.method, params, roots, {**parents, **weights}, seed, run.origin)

    weights = part("weights", "pretrain")
    inspected = {name: part(name, maker, weights=weights) for name, maker in INSPECTED.items()}
    return _scored(suite, group, run, seed, {**parents, "weights": weights, **inspected})


def _scored(suite: Suite, group: Group, run: Run, seed: int, made: dict[str, Artefact]) -> Chain:
    """Return the chain of a run from its weights on: features and measures for each target."""
    features: dict[str, Artefact] = {}
    measures: dict[tuple[str, str], Artefact] = {}
    for target in group.targets:
        name, protocols = target.data.name, run.evaluations[target.data.name]
        if (target.data != group.data and not protocols) or seed not in (target.seeds or group.seeds_of(run)):
            continue
        roles = {**made, "target": prepared(name)}
        roles["features"] = features[name] = _features(suite, roles)
        measures |= {(name, protocol): _measures(suite, protocol, roles, seed) for protocol in protocols}
    parts = {role: made[role] for role in INSPECTED if role in made}
    parts |= {f"{target}/{protocol}": part for (target, protocol), part in measures.items()}
    results = Artefact("results", f"{made['weights'].name}-evaluations", {}, (), parts, seed, run.origin)
    return Chain(run=run, seed=seed, features=features, measures=measures, results=results, **made)


def _machine(suite: Suite) -> dict[str, Any]:
    return {"device": suite.device, "precision": suite.precision, "threads": suite.threads}


def _features(suite: Suite, roles: dict[str, Artefact]) -> Artefact:
    weights = roles["weights"]
    parents = {role: roles[role] for role in ("target", "weights")}
    roots = _roots("features", "evaluations.features", "extract")
    params, origin = {**suite.features, **_machine(suite)}, _origin("evaluations", "features")
    return Artefact("features", weights.name, params, roots, parents, weights.seed, origin, rebuilds=True)


def _measures(suite: Suite, protocol: str, roles: dict[str, Artefact], seed: int) -> Artefact:
    """Return the measures of one protocol; ``NEEDS`` of its module names the roles that it reads."""
    module, arguments = evaluation(protocol)
    needs = signature.constant(f"evaluations.{module}", "NEEDS")
    params = {"evaluation": module, "arguments": arguments, "device": suite.device, "threads": suite.threads}
    return Artefact(
        "measures",
        f"{roles['weights'].name}-{protocol}",
        params,
        _roots("measure", f"evaluations.{module}", "evaluate"),
        {role: roles[role] for role in needs},
        seed,
        _origin("evaluations", protocol),
        rebuilds="weights" in needs,
    )
