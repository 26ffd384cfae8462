"""How a suite's artefacts came to be: what was carried over a change of code, and which machines made the rest."""

from collections import Counter, defaultdict
from typing import Any

from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.chains import Chain, chains
from selfsup.store.spec import read_spec

MADE_BY = ("weights", "features", "measures")


def history(suite: str) -> list[str]:
    """Return sentences for the report: what was carried and on what proof, and which tables mix machines."""
    made = [artefact for artefact in disk.reachable(suite).values() if artefact.exists()]
    return [*_carried(made), *_mixed(suite)]


def _carried(made: list[Artefact]) -> list[str]:
    proofs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for artefact in made:
        if proof := read_spec(artefact.folder).get("carried"):
            proofs[proof["revision"]].append(proof)
    return [
        f"{len(found)} of {len(made)} artefacts were not made by this code but carried from revision {revision[:12]}: "
        f"of {len(found[0]['sample'])} artefacts made at both revisions, one seed of each run, all "
        f"{found[0]['compared']} files were equal byte for byte."
        for revision, found in proofs.items()
    ]


def _mixed(suite: str) -> list[str]:
    sentences = []
    for group, members in chains(suite):
        machines = Counter(machine for chain in members for machine in _machines(chain))
        if len(machines) > 1:
            parts = ", ".join(f"{count} artefacts with {machine}" for machine, count in machines.most_common())
            sentences.append(
                f"The tables of {group.name} mix results of {len(machines)} kinds of machine ({parts}): their last bits "
                "differ, which can move an interval that ends near zero across it."
            )
    return sentences


def _machines(chain: Chain) -> list[str]:
    """Return what each artefact of a chain was made with, where it can move the last bits of a number."""
    specs = [read_spec(a.folder)["made_with"] for a in chain.every() if a.kind in MADE_BY and a.exists()]
    return [
        f"{spec['instruction_set']}, torch {spec.get('torch', 'none')}, threads {spec['threads']}" for spec in specs
    ]
