"""The report's place: stable paths, a manifest that says what they were made from, and when they no longer hold."""

import hashlib
import importlib.metadata
import json
import os
import shutil
import time
from functools import cache
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import suite as suites
from selfsup.config.recipe import PARAMS, evaluation
from selfsup.config.strict import read_yaml
from selfsup.errors import InputError
from selfsup.progress import Progress
from selfsup.report.content import Ablation, Content, ExperimentMember, Group, Member
from selfsup.report.deviations import deviations_table
from selfsup.report.schemas import check_ablations, check_report_files, check_summary
from selfsup.report.tables import as_csv
from selfsup.store import disk
from selfsup.store.artefact import Chain, chains, experiments
from selfsup.store.closure import closure

REPORTS = Path("reports")


@cache
def digest(suite: str) -> str:
    """Return the digest over everything that a report is made from: results, templates, claims, published numbers, names."""
    return _sha256(json.dumps(determinants(suite), sort_keys=True).encode())


def determinants(suite: str) -> dict[str, Any]:
    """Return what decides a report's bytes; pairs in lists, where their order is the report's."""
    asked = suites.load(suite)
    templates = sorted((extensions.ROOT / "report" / "templates").iterdir())
    texts = [PARAMS / "claims" / f"{name}.yaml" for name in asked.claims]
    texts += [PARAMS / "reported" / f"{name}.yaml" for name in asked.reported]
    return {
        "suite": {"name": suite, "title": asked.title, "summary": asked.summary},
        "groups": [[group.name, group.data.name, group.evaluations] for group in asked.groups],
        "results": [
            [f"{g.name}/{c.run.name}/{c.seed}", str(c.results.folder)] for g, found in chains(suite) for c in found
        ],
        "experiments": [[name, [str(a.folder) for a in made]] for name, made in experiments(suite).items()],
        "code": closure("selfsup.report.build"),
        "templates": [[file.name, _sha256(file.read_bytes())] for file in templates],
        "texts": [[str(file), _sha256(file.read_bytes())] for file in _present(texts)],
        "ablations": [json.dumps(entry) for entry in asked.ablations],
        "deviations": _sha256(as_csv(deviations_table(_modules(suite))).encode()),
        "papers": papers(asked),
    }


def _modules(suite: str) -> list[str]:
    """Return the modules whose code made the suite's artefacts."""
    return sorted({module for made in disk.reachable(suite).values() for module in made.determinants["code"]})


def _present(files: list[Path]) -> list[Path]:
    if missing := [file for file in files if not file.is_file()]:
        raise InputError(f"{missing[0]} is missing; the suite names it, so write it or take it out of the suite")
    return files


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
            dataset=group.data.dataset,
            data_recipe={"name": group.data.name, **group.data.arguments},
            seeds=group.seeds,
            variants=[run.name for run in group.runs],
            protocols={protocol: evaluation(protocol)[0] for protocol in group.evaluations},
            members=[_member(chain) for chain in found],
        )
        for group, found in chains(suite)
    ]
    asked_for = {protocol: evaluation(protocol) for group in asked.groups for protocol in group.evaluations}
    return Content(
        suite=suite,
        title=asked.title,
        summary=asked.summary,
        device=asked.device,
        precision=asked.precision,
        threads=asked.threads,
        groups=groups,
        protocols={p: {"evaluation": module, **arguments} for p, (module, arguments) in asked_for.items()},
        reported={name: read_yaml(PARAMS / "reported" / f"{name}.yaml") for name in asked.reported},
        claims={name: read_yaml(PARAMS / "claims" / f"{name}.yaml") for name in asked.claims},
        papers=papers(asked),
        modules=_modules(suite),
        experiments={
            name: [ExperimentMember(made.seed or 0, made.folder / "measures.json") for made in seeds]
            for name, seeds in experiments(suite).items()
        },
        ablations=[Ablation(**entry) for entry in asked.ablations],
        digest=digest(suite),
    )


def check(suite: str) -> None:
    """Refuse, before anything is trained, whatever of claims, reported numbers, summary and ablations cannot be printed."""
    asked = content(suite)
    variants = {group.name: set(group.variants) for group in asked.groups}
    check_report_files(asked.claims, asked.reported, set().union(*variants.values()))
    check_summary(suite, asked.summary, variants, asked.protocols)
    groups = {group.name: {run.name: run.evaluations for run in group.runs} for group in suites.load(suite).groups}
    check_ablations(suite, suites.load(suite).ablations, groups)


def _member(chain: Chain) -> Member:
    return Member(
        variant=chain.run.name,
        method=chain.run.method,
        seed=chain.seed,
        recipe=chain.run.recipe,
        run=chain.pretrained.folder,
        features=chain.features.folder,
        prepared=chain.prepared.folder,
        measures={protocol: chain.results.folder / f"{protocol}.json" for protocol in chain.measures},
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
        build(content(suite), scratch)
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
