"""The artefacts that a suite leads to: for each run and seed, from its data to its results."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from selfsup.config import signature
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import PARAMS, Data, Run, evaluation, experiment
from selfsup.config.suite import Group, Suite, load
from selfsup.extensions import full_name
from selfsup.store.artefact import Artefact

MAKERS = "selfsup.pipeline.makers"


@dataclass(frozen=True)
class Chain:
    """The artefacts of one run and seed, from its data to its results; ``measures`` by (target, protocol)."""

    run: Run
    seed: int
    prepared: Artefact
    table: Artefact | None
    weights: Artefact
    predictions: Artefact | None
    gallery: Artefact | None
    features: dict[str, Artefact]
    measures: dict[tuple[str, str], Artefact]
    results: Artefact

    def every(self) -> tuple[Artefact, ...]:
        """Return them in the order in which they are made."""
        first = (self.prepared, self.table, self.weights)
        targets = [features.parents["target"] for features in self.features.values()]
        last = (*targets, *self.features.values(), *self.results.parents.values(), self.results)
        return tuple({id(a): a for a in (*first, *last) if a is not None}.values())

    def of_kind(self, kind: str) -> list[Artefact]:
        """Return the artefacts of one kind, in the order in which they are made."""
        return [artefact for artefact in self.every() if artefact.kind == kind]


@cache
def chains(suite: str) -> list[tuple[Group, list[Chain]]]:
    """Return for each group of a suite the chains of its runs, seed by seed."""
    planned = load(suite)
    return [
        (group, [_chain(planned, group, run, seed) for run in group.runs for seed in group.seeds])
        for group in planned.groups
    ]


@cache
def experiments(suite: str) -> dict[str, list[Artefact]]:
    """Return for each experiment of a suite its artefacts, seed by seed: it needs no encoder and no data set."""
    made = {}
    for entry in load(suite).experiments:
        module, arguments = experiment(entry.name, entry.set, suite)
        roots = (f"{MAKERS}.experiment", f"{full_name(f'experiments.{module}')}.measure")
        params = {"experiment": module, "arguments": arguments}
        origin = str(PARAMS / "experiments" / f"{entry.name}.yaml")
        made[entry.name] = [
            Artefact("experiment", f"{entry.name}-experiment", params, roots, {}, seed, origin) for seed in entry.seeds
        ]
    return made


def by_name(suite: str) -> dict[str, Artefact]:
    """Return every artefact of a suite by what it is in the suite, e.g. ``scenes/simclr/s0/weights``; parents first."""
    names: dict[str, Artefact] = {}
    for group, members in chains(suite):
        for chain in members:
            prefix = f"{group.name}/{chain.run.name}/s{chain.seed}"
            names |= {f"{group.name}/prepared": chain.prepared}
            names |= {f"{group.name}/{chain.run.name}/table": chain.table} if chain.table else {}
            own = {"weights": chain.weights, "predictions": chain.predictions, "gallery": chain.gallery}
            names |= {f"{prefix}/{kind}": artefact for kind, artefact in own.items() if artefact}
            for target, features in chain.features.items():
                names |= {f"{group.name}/{target}/target": features.parents["target"]}
                names |= {f"{prefix}/{target}/features": features}
            names |= {f"{prefix}/{target}/{protocol}": made for (target, protocol), made in chain.measures.items()}
            names |= {f"{prefix}/results": chain.results}
    made = experiments(suite)
    return names | {f"experiment/{name}/s{one.seed}": one for name, seeds in made.items() for one in seeds}


def prepared(source: Data) -> Artefact:
    """Return the artefact that holds a data set's HDF5 files."""
    return _prepared(source.name, source.dataset, source.source, json.dumps(source.arguments), json.dumps(source.lock))


@cache
def _prepared(name: str, dataset: str, source: str | None, arguments: str, lock: str) -> Artefact:
    params = {"dataset": dataset, "arguments": json.loads(arguments), "lock": json.loads(lock), "source": source}
    roots = (f"{MAKERS}.prepare", f"{full_name(f'datasets.{dataset}')}.prepare")
    return Artefact("prepared", dataset, params, roots, {}, origin=str(PARAMS / "data" / f"{name}.yaml"))


@cache
def _table(arguments: str, source: Artefact, origin: str) -> Artefact:
    params = json.loads(arguments)
    module = full_name(f"tables.{params['table']}")
    roots = (f"{MAKERS}.table", f"{module}.make")
    parents = {"prepared": source} if table_reads(params["table"]) else {}
    return Artefact("table", params["table"], params, roots, parents, origin=origin)


def _chain(suite: Suite, group: Group, run: Run, seed: int) -> Chain:
    source = prepared(group.data)
    if run.imported:
        return _scored(suite, group, run, seed, {"prepared": source, "weights": _imported(run)})
    table = _table(json.dumps(run.recipe["table"]), source, run.origin) if "table" in run.recipe else None
    trained = {"prepared": source} if table is None else {"prepared": source, "table": table}
    method = signature.method_roots(run.method)
    params = {**run.recipe, **_machine(suite)}

    def made(kind: str, maker: str, parents: dict[str, Artefact]) -> Artefact:
        roots = (f"{MAKERS}.{maker}", *method)
        return Artefact(kind, run.method, params, roots, parents, seed, run.origin)

    weights = made("weights", "pretrain", trained)
    predictions = made("predictions", "predict", {**trained, "weights": weights})
    gallery = made("gallery", "gallery", {**trained, "weights": weights})
    return _scored(
        suite, group, run, seed, {**trained, "weights": weights, "predictions": predictions, "gallery": gallery}
    )


def _imported(run: Run) -> Artefact:
    """Return published weights as an artefact: one, called seed 0, for all seeds, from the file that its lock names."""
    roots = (f"{MAKERS}.import_weights",)
    return Artefact("weights", run.name, run.recipe, roots, {}, 0, run.origin)


def _scored(suite: Suite, group: Group, run: Run, seed: int, made: dict[str, Artefact]) -> Chain:
    """Return the chain of a run from its weights on: features and measures for each target."""
    features: dict[str, Artefact] = {}
    measures: dict[tuple[str, str], Artefact] = {}
    shown: dict[str, Artefact] = {role: made[role] for role in ("predictions", "gallery") if role in made}
    for target in group.targets:
        if target.data != group.data and not run.evaluations[target.data.name]:
            continue
        roles = {**made, "target": prepared(target.data)}
        roles["features"] = features[target.data.name] = _features(suite, roles)
        for protocol in run.evaluations[target.data.name]:
            measures[target.data.name, protocol] = _measures(suite, protocol, roles, seed)
    parts: dict[str, Artefact] = {**shown, **{"/".join(key): part for key, part in measures.items()}}
    results = Artefact("results", f"{made['weights'].name}-evaluations", {}, (), parts, seed, run.origin)
    return Chain(
        run=run,
        seed=seed,
        prepared=made["prepared"],
        table=made.get("table"),
        weights=made["weights"],
        predictions=made.get("predictions"),
        gallery=made.get("gallery"),
        features=features,
        measures=measures,
        results=results,
    )


def _machine(suite: Suite) -> dict[str, Any]:
    return {"device": suite.device, "precision": suite.precision, "threads": suite.threads}


def _features(suite: Suite, roles: dict[str, Artefact]) -> Artefact:
    module, arguments = evaluation("features")
    weights = roles["weights"]
    parents = {role: roles[role] for role in ("target", "weights")}
    roots = (f"{MAKERS}.features", f"{full_name(f'evaluations.{module}')}.extract")
    origin = str(PARAMS / "evaluations" / "features.yaml")
    params = {**arguments, **_machine(suite)}
    return Artefact("features", weights.name, params, roots, parents, weights.seed, origin, rebuilds=True)


def _measures(suite: Suite, protocol: str, roles: dict[str, Artefact], seed: int) -> Artefact:
    """Return the measures of one protocol; ``NEEDS`` of its module names the roles that it reads."""
    module, arguments = evaluation(protocol)
    needs = signature.constant(f"evaluations.{module}", "NEEDS")
    return Artefact(
        "measures",
        f"{roles['weights'].name}-{protocol}",
        {"evaluation": module, "arguments": arguments, "device": suite.device, "threads": suite.threads},
        (f"{MAKERS}.measure", f"{full_name(f'evaluations.{module}')}.evaluate"),
        {role: roles[role] for role in needs},
        seed,
        str(PARAMS / "evaluations" / f"{protocol}.yaml"),
        rebuilds="weights" in needs,
    )
