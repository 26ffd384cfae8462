"""The report's place: stable paths, a manifest that says what they were made from, and when they no longer hold."""

import hashlib
import importlib.metadata
import json
import os
import shutil
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import reported, signature
from selfsup.config import suite as suites
from selfsup.config.claims import Claim, claims
from selfsup.config.recipe import Data as Source
from selfsup.config.recipe import evaluation, protocol_title
from selfsup.config.shown import shown
from selfsup.errors import InputError
from selfsup.pipeline.history import history
from selfsup.progress import Progress
from selfsup.report.content import Ablation, Content, Data, Experiment, Group, Member, Protocol, Target
from selfsup.report.deviations import deviations_table
from selfsup.report.schemas import check_summary
from selfsup.report.tables import as_csv
from selfsup.store import disk
from selfsup.store.chains import Chain, chains, experiments, prepared
from selfsup.store.reach import reach

REPORTS = Path("reports")


@cache
def digest(suite: str) -> str:
    """Return the digest over everything that a report is made from: results, templates, claims, published numbers, names."""
    return _sha256(json.dumps(determinants(suite), sort_keys=True).encode())


def determinants(suite: str) -> dict[str, Any]:
    """Return what decides a report's bytes; pairs in lists, where their order is the report's."""
    asked = suites.load(suite)
    templates = sorted((extensions.ROOT / "report" / "templates").iterdir())
    return {
        "suite": {"name": suite, "title": asked.title, "summary": asked.summary},
        "groups": [[group.name, group.data.name, group.evaluations] for group in asked.groups],
        "results": [
            [f"{g.name}/{c.run.name}/{c.seed}", str(c.results.folder)] for g, found in chains(suite) for c in found
        ],
        "titles": [[*(run.title for run in g.runs), *map(protocol_title, g.evaluations)] for g in asked.groups],
        "shown": [[name, repr(shown(name))] for name in _shown(suite)],
        "experiments": [[name, [str(a.folder) for a in made]] for name, made in experiments(suite).items()],
        "code": reach(("selfsup.report.build.build",), frozenset()).digest,
        "templates": [[file.name, _sha256(file.read_bytes())] for file in templates],
        "claims": [[name, _sha256(repr(claim).encode())] for name, claim in _claims(asked).items()],
        "reported": [[name, _sha256(repr(table).encode())] for name, table in reported.of_suite(asked).items()],
        "ablations": [json.dumps(entry) for entry in asked.ablations],
        "deviations": _sha256(as_csv(deviations_table(_modules(suite))).encode()),
        "papers": papers(asked),
    }


def _shown(suite: str) -> list[str]:
    """Return the modules that declare how the suite's numbers are shown."""
    asked = {f"evaluations.{evaluation(p)[0]}" for group in suites.load(suite).groups for p in group.evaluations}
    return sorted(asked | {f"experiments.{made[0].params['experiment']}" for made in experiments(suite).values()})


def _modules(suite: str) -> list[str]:
    """Return the modules whose code made the suite's artefacts."""
    return sorted({name.rpartition(".")[0] for made in disk.reachable(suite).values() for name in made.code.hashes})


def _claims(suite: suites.Suite) -> dict[str, Claim]:
    """Return the claims that the runs of some group can judge on one of its targets."""
    scored = [
        ({run.name: run.evaluations.get(target.data.name, []) for run in group.runs}, target.data.dataset)
        for group in suite.groups
        for target in group.targets
    ]
    return {name: claim for name, claim in claims().items() if any(claim.applies(*one) for one in scored)}


def papers(suite: suites.Suite) -> list[dict[str, Any]]:
    """Return the papers of a suite's methods, each once."""
    found = {run.paper["title"]: run.paper for group in suite.groups for run in group.runs}
    return list(found.values())


def content(suite: str) -> Content:
    """Return all that the report of a suite is made from."""
    asked = suites.load(suite)
    groups = [
        Group(
            name=group.name,
            pretrain_data=_data(group.data),
            targets=[
                Target(**vars(_data(target.data)), protocols=[_protocol(name) for name in target.evaluations])
                for target in group.targets
            ],
            seeds=group.seeds,
            variants=[run.name for run in group.runs],
            members=[_member(chain) for chain in found],
            titles={run.name: run.title for run in group.runs},
            roles={run.name: role for run in group.runs if not run.imported and (role := _role(run.method))},
        )
        for group, found in chains(suite)
    ]
    return Content(
        suite=suite,
        title=asked.title,
        summary=asked.summary,
        device=asked.device,
        precision=asked.precision,
        threads=asked.threads,
        groups=groups,
        reported=reported.of_suite(asked),
        claims=_claims(asked),
        papers=papers(asked),
        modules=_modules(suite),
        experiments=[
            Experiment(
                name,
                shown(f"experiments.{seeds[0].params['experiment']}"),
                {made.seed or 0: made.folder / "measures.json" for made in seeds},
            )
            for name, seeds in experiments(suite).items()
        ],
        ablations=[Ablation(**entry) for entry in asked.ablations],
        digest=digest(suite),
    )


def check(suite: str) -> None:
    """Refuse, before anything is trained, a summary that cannot be printed; so are claims and published numbers."""
    asked = content(suite)
    check_summary(suite, asked.summary, {group.name: group.variants for group in asked.groups}, asked.keys)


def _data(source: Source) -> Data:
    return Data(source.name, source.dataset, source.arguments, prepared(source).folder)


def _protocol(name: str) -> Protocol:
    module, arguments = evaluation(name)
    return Protocol(name, protocol_title(name), module, arguments, shown(f"evaluations.{module}"))


def _role(method: str) -> str | None:
    """Return what a method bounds: the floor or the ceiling of a table, None for one that is compared."""
    role: str | None = signature.class_constant(method, "role")
    return role


def _member(chain: Chain) -> Member:
    return Member(
        variant=chain.run.name,
        method=chain.run.method,
        seed=chain.seed,
        recipe=chain.run.recipe,
        run=chain.weights.folder,
        features={target: made.folder for target, made in chain.features.items()},
        measures={place: made.folder / "measures.json" for place, made in chain.measures.items()},
        gallery=chain.gallery.folder if chain.gallery else Path(),
        predictions=chain.predictions.folder if chain.predictions else Path(),
    )


def current(suite: str) -> bool:
    """Return whether the files of a report are whole and made from what today's parameters lead to."""
    folder = REPORTS / suite
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        right = manifest["digest"] == digest(suite)
        return right and all(_sha256((folder / name).read_bytes()) == seen for name, seen in manifest["files"].items())
    except (OSError, ValueError, KeyError):
        return False


def stale(suite: str) -> list[str]:
    """Return, for Snakemake, nothing where the report is current, else a file that is newer than it."""
    if current(suite):
        return []
    mark = Path(".snakemake") / "stale" / suite
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(time.time_ns()), encoding="utf-8")
    return [str(mark)]


def write(suite: str, progress: Progress) -> None:
    """Build the report beside its place, then rename file by file, the manifest last: a torn report is never current."""
    for group, found in chains(suite):
        for chain in found:
            if not chain.results.exists():
                where = f"{chain.run.name} seed {chain.seed} of group {group.name}"
                raise InputError(f"{chain.results.folder} is missing ({where}); run `snakemake` to make it")
    for made in (artefact for seeds in experiments(suite).values() for artefact in seeds):
        if not made.exists():
            raise InputError(f"{made.folder} is missing; run `snakemake` to make it")
    from selfsup.report.build import build

    with disk.locked(Path("data") / f"report-{suite}"):
        scratch = REPORTS / f".{suite}.partial"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        build(replace(content(suite), history=history(suite)), scratch)
        (scratch / "manifest.json").write_text(_manifest(suite, scratch), encoding="utf-8")
        _publish(scratch, REPORTS / suite)
    progress.say(f"{REPORTS / suite / 'index.html'} and report.pdf are written")


def _manifest(suite: str, folder: Path) -> str:
    files = {str(f.relative_to(folder)): _sha256(f.read_bytes()) for f in sorted(folder.rglob("*")) if f.is_file()}
    versions = {
        library: importlib.metadata.version(library) for library in ("matplotlib", "pandas", "seaborn", "typst")
    }
    found = {"digest": digest(suite), "made_from": determinants(suite), "made_with": versions, "files": files}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _publish(scratch: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    for old in ("tables", "figures"):
        shutil.rmtree(folder / old, ignore_errors=True)
    for entry in sorted(scratch.iterdir(), key=lambda found: found.name == "manifest.json"):
        os.replace(entry, folder / entry.name)
    scratch.rmdir()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
