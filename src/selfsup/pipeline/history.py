"""How a suite's artefacts were made: by which parameters, which were carried over a change of code, and on which machines."""

import subprocess
from collections import Counter, defaultdict
from typing import Any

from selfsup.config.recipe import evaluation
from selfsup.config.suite import Suite
from selfsup.store.graph import Graph
from selfsup.store.spec import read_spec


def history(graph: Graph) -> list[str]:
    """Return sentences for the report: its commit, what was carried and on what proof, and which tables mix machines."""
    specs = [read_spec(artefact.folder) for artefact in graph.by_folder.values() if artefact.exists()]
    return [*_revision(), *_carried(specs), *_mixed(graph)]


def _revision() -> list[str]:
    """Return the last commit of what reports are made from; nothing outside of git.

    Reports and dvc.lock are left out: publishing and ``dvc repro`` write them, and committing them changes no result.
    """
    inputs = ["--", ".", ":!reports", ":!dvc.lock"]
    commands = (["log", "-1", "--format=%H", *inputs], ["status", "--porcelain", "--untracked-files=no", *inputs])
    try:
        done = [subprocess.run(["git", *words], capture_output=True, text=True, check=False) for words in commands]
    except OSError:
        return []
    if any(command.returncode for command in done):
        return []
    commit, changes = (command.stdout.strip() for command in done)
    state = "with changes to tracked files" if changes else "without changes to tracked files"
    return [f"Published from a working tree at commit {commit[:12]}, {state}."]


def _carried(specs: list[dict[str, Any]]) -> list[str]:
    proofs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for proof in (spec["carried"] for spec in specs if "carried" in spec):
        proofs[proof["revision"]].append(proof)
    return [
        f"{len(carried)} of {len(specs)} artefacts were not made by this code but carried from revision "
        f"{revision[:12]}: of {len(carried[0]['sample'])} artefacts made at both revisions, one seed of each run, all "
        f"{carried[0]['compared']} files were equal byte for byte."
        for revision, carried in proofs.items()
    ]


def _mixed(graph: Graph) -> list[str]:
    sentences = []
    for group, chains in graph.groups:
        artefacts = [artefact for chain in chains for artefact in chain.artefacts() if artefact.exists()]
        machines = Counter(
            f"{spec['instruction_set']}, torch {spec.get('torch', 'none')}, threads {spec['threads']}"
            for artefact in artefacts
            if artefact.kind in ("weights", "features", "measures")
            for spec in [read_spec(artefact.folder)["made_with"]]
        )
        if len(machines) > 1:
            parts = ", ".join(f"{count} artefacts with {machine}" for machine, count in machines.most_common())
            sentences.append(
                f"The tables of {group.name} mix results of {len(machines)} kinds of machine ({parts}): their last bits "
                "differ, which can move an interval that ends near zero across it."
            )
    return sentences


def parameters(suite: Suite) -> dict[str, Any]:
    """Return the recipes, protocols and data of a suite by name, for who compares two reports."""
    data = [group.data for group in suite.groups] + [target.data for group in suite.groups for target in group.targets]
    return {
        "runs": {f"{group.name}/{run.name}": run.recipe for group in suite.groups for run in group.runs},
        "protocols": {name: evaluation(name)[1] for group in suite.groups for name in group.evaluations},
        "data": {entry.name: entry.arguments for entry in data},
        "features": suite.features,
    }
