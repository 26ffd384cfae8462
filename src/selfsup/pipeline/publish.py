"""Publishes reports: fixed paths, a manifest of what a report was made from, and whether it is current."""

import hashlib
import importlib.metadata
import json
import re
import shutil
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import recipe, reported
from selfsup.config.claims import Claim, claims
from selfsup.config.recipe import evaluation
from selfsup.config.shown import protocol_title, shown
from selfsup.config.strict import require
from selfsup.config.suite import Group as SuiteGroup
from selfsup.config.suite import Suite
from selfsup.errors import InputError
from selfsup.pipeline.history import history, parameters
from selfsup.pipeline.roles import floors, role
from selfsup.progress import Progress
from selfsup.report.content import Ablation, Content, Experiment
from selfsup.report.group import Data, Group, Member, Protocol, Target
from selfsup.report.papers import deviations_table
from selfsup.report.tables import as_csv
from selfsup.store import disk, whole
from selfsup.store.artefact import Artefact
from selfsup.store.graph import Chain, Graph, prepared
from selfsup.store.reach import reach

REPORTS = Path("reports")
LIBRARIES = ("matplotlib", "pandas", "seaborn", "typst")


@cache
def digest(graph: Graph) -> str:
    """Return the digest of everything that a report is made from."""
    return _sha256(json.dumps(determinants(graph), sort_keys=True).encode())


def determinants(graph: Graph) -> dict[str, Any]:
    """Return what determines a report's bytes; pairs in lists, where their order is the report's."""
    suite = graph.suite
    templates = {file.name: file.read_text() for file in sorted((extensions.ROOT / "report" / "templates").iterdir())}
    declared = [[name, repr(shown(name))] for name in _shown(graph)]
    # What declarations and templates name, such as the kind of a figure or a method of it, is reached too.
    words = frozenset(re.findall(r"\w+", " ".join([*templates.values(), *(text for _, text in declared)])))
    return {
        "suite": {"name": suite.name, "title": suite.title, "summary": suite.summary},
        "groups": [[group.name, group.data.name, group.evaluations] for group in suite.groups],
        "results": [
            [f"{group.name}/{chain.run.name}/{chain.seed}", str(chain.results.folder)]
            for group, chains in graph.groups
            for chain in chains
        ],
        "titles": [
            [*((run.title, role(run)) for run in group.runs), *map(protocol_title, group.evaluations)]
            for group in suite.groups
        ],
        "shown": declared,
        "experiments": [[name, [str(a.folder) for a in seeds]] for name, seeds in graph.experiments.items()],
        "code": reach(("selfsup.report.build.build",), words).digest,
        "templates": [[name, _sha256(text.encode())] for name, text in templates.items()],
        "claims": [[name, _sha256(repr(claim).encode())] for name, claim in _claims(suite).items()],
        "reported": [[name, _sha256(repr(table).encode())] for name, table in reported.of_suite(suite).items()],
        "ablations": [json.dumps(entry) for entry in suite.ablations],
        "deviations": _sha256(as_csv(deviations_table(_modules(graph))).encode()),
        "papers": _papers(suite),
    }


def _shown(graph: Graph) -> list[str]:
    """Return the modules that declare how the suite's numbers are shown."""
    evaluations = {f"evaluations.{evaluation(name)[0]}" for group in graph.suite.groups for name in group.evaluations}
    experiments = {f"experiments.{seeds[0].params['experiment']}" for seeds in graph.experiments.values()}
    return sorted(evaluations | experiments)


def _modules(graph: Graph) -> list[str]:
    """Return the modules whose code made the suite's artefacts."""
    return sorted({name.rpartition(".")[0] for made in graph.by_folder.values() for name in made.code.hashes})


def _claims(suite: Suite) -> dict[str, Claim]:
    """Return the claims that the runs of some group can judge on one of its targets."""
    scored = [
        ({run.name: run.evaluations.get(target.data.name, []) for run in group.runs}, target.data.dataset)
        for group in suite.groups
        for target in group.targets
    ]
    return {name: claim for name, claim in claims().items() if any(claim.applies(*runs) for runs in scored)}


def _papers(suite: Suite) -> list[dict[str, Any]]:
    """Return the papers of a suite's methods, each once."""
    return list({run.paper["title"]: run.paper for group in suite.groups for run in group.runs}.values())


def content(graph: Graph) -> Content:
    """Return all that the report of a suite is made from, except its history."""
    suite = graph.suite
    return Content(
        suite=suite.name,
        title=suite.title,
        summary=suite.summary,
        device=suite.device,
        precision=suite.precision,
        threads=suite.threads,
        features=suite.features,
        groups=[_group(group, chains) for group, chains in graph.groups],
        reported=reported.of_suite(suite),
        claims=_claims(suite),
        papers=_papers(suite),
        modules=_modules(graph),
        experiments=[
            Experiment(
                name,
                shown(f"experiments.{seeds[0].params['experiment']}"),
                {artefact.seed or 0: artefact.folder / "measures.json" for artefact in seeds},
            )
            for name, seeds in graph.experiments.items()
        ],
        ablations=[Ablation(**entry) for entry in suite.ablations],
        digest=digest(graph),
    )


def check(graph: Graph) -> None:
    """Refuse, before training, summaries and ablations that cannot be printed, and mistakes in claims and tables."""
    report = content(graph)
    report.check_summary()
    for ablation in report.ablations:
        for name in ablation.protocols:
            key = f"params/suites/{report.suite}.yaml: ablation {ablation.name}"
            metrics = report.protocols[name].shown.metrics
            require(ablation.metric, metrics, f"{key} is of {ablation.metric}, which is no metric of {name}")


def _group(group: SuiteGroup, chains: list[Chain]) -> Group:
    return Group(
        name=group.name,
        pretrain_data=_data(group.data),
        targets=[
            Target(**vars(_data(target.data)), protocols=[_protocol(name) for name in target.evaluations])
            for target in group.targets
        ],
        variants=[run.name for run in group.runs],
        members=[_member(chain) for chain in chains],
        titles={run.name: run.title for run in group.runs},
        roles={run.name: bound for run in group.runs if (bound := role(run))},
        floors=floors(group),
    )


def _data(data: recipe.Data) -> Data:
    return Data(data.name, data.dataset, data.arguments, prepared(data.name).folder)


def _protocol(name: str) -> Protocol:
    module, arguments = evaluation(name)
    return Protocol(name, protocol_title(name), module, arguments, shown(f"evaluations.{module}"))


def _member(chain: Chain) -> Member:
    return Member(
        variant=chain.run.name,
        method=chain.run.method,
        seed=chain.seed,
        recipe=chain.run.recipe,
        run=chain.weights.folder,
        features={target: features.folder for target, features in chain.features.items()},
        measures={key: measures.folder / "measures.json" for key, measures in chain.measures.items()},
        gallery=chain.gallery.folder if chain.gallery else Path(),
        predictions=chain.predictions.folder if chain.predictions else Path(),
    )


def current(graph: Graph) -> bool:
    """Return whether a report is complete and was made from the current parameters and code."""
    folder = REPORTS / graph.suite.name
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = manifest["files"].items()
        return manifest["digest"] == digest(graph) and all(
            _sha256((folder / f).read_bytes()) == sha for f, sha in files
        )
    except (OSError, ValueError, KeyError):
        return False


def sources(graph: Graph) -> list[Artefact]:
    """Return what a report cannot do without: all results, and the data that runs were pretrained on."""
    data = {prepared(group.data.name).folder for group in graph.suite.groups}
    artefacts = graph.by_folder.values()
    return [a for a in artefacts if a.kind in ("results", "experiment") or a.folder in data]


def stale(graph: Graph) -> list[str]:
    """Return, as inputs for Snakemake, nothing where the report is current, else a file that is newer than it."""
    if current(graph):
        return []
    mark = Path(".snakemake") / "stale" / graph.suite.name
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(time.time_ns()), encoding="utf-8")
    return [str(mark)]


def write(graph: Graph, progress: Progress) -> None:
    """Build the report in a scratch folder, from artefacts that have their recorded bytes, then rename the folder."""
    for artefact in sources(graph):
        if not artefact.exists():
            raise InputError(f"{artefact.folder} is missing; run `snakemake` to make it")
    for folder in (artefact.folder for artefact in graph.by_folder.values() if artefact.exists()):
        whole.require(folder)
    from selfsup.report.build import build

    suite = graph.suite.name
    with disk.locked(Path("data") / f"report-{suite}"):
        scratch = REPORTS / f".{suite}.partial"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        build(replace(content(graph), history=history(graph)), scratch)
        (scratch / "manifest.json").write_text(_manifest(graph, scratch), encoding="utf-8")
        _publish(scratch, REPORTS / suite)
    progress.say(f"{REPORTS / suite / 'index.html'} and report.pdf are written")


def _manifest(graph: Graph, folder: Path) -> str:
    manifest = {
        "digest": digest(graph),
        "made_from": determinants(graph),
        "parameters": parameters(graph.suite),
        "made_with": {library: importlib.metadata.version(library) for library in LIBRARIES},
        "files": {
            str(f.relative_to(folder)): _sha256(f.read_bytes()) for f in sorted(folder.rglob("*")) if f.is_file()
        },
    }
    return json.dumps(manifest, indent=1, sort_keys=True) + "\n"


def _publish(scratch: Path, folder: Path) -> None:
    """Replace a report by two renames: whoever is stopped between them leaves none, and it is made again."""
    replaced = scratch.with_suffix(".replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.rename(replaced)
    scratch.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
