"""What a suite will still run: its jobs, the CPU time that such jobs took here, and the disk that such results take."""

import csv
import statistics
from collections import defaultdict
from pathlib import Path

from selfsup.store.artefact import FOLDERS, STAGES, Artefact
from selfsup.store.graph import Graph

LOGS = Path("logs")
RULES = {kind: rule for rule, kind in STAGES.items()}


def forecast(planned: Graph) -> list[str]:
    """Return sentences for a person: jobs by stage, their CPU time by the logs of earlier jobs, and their disk."""
    missing: dict[tuple[str, str], list[Artefact]] = defaultdict(list)
    for artefact in _needed(planned):
        missing[RULES[artefact.kind], artefact.digest].append(artefact)  # one job makes all seeds
    if not missing:
        return [f"{planned.suite.name}: every result exists; only the report may be to write"]
    counts = {rule: sum(stage == rule for stage, _ in missing) for rule in STAGES}
    stages = ", ".join(f"{count} {rule}" for rule, count in counts.items() if count)
    return [
        f"{planned.suite.name}: {len(missing)} jobs ({stages}) and the report",
        _time(missing, planned),
        _disk(missing),
    ]


def _needed(planned: Graph) -> list[Artefact]:
    """Return the artefacts that are missing and lead to missing results: as in Snakemake, what exists needs no parents."""
    found = {a.folder: a for a in planned.by_folder.values() if a.kind in ("results", "experiment") and not a.exists()}
    pending = list(found.values())
    for artefact in pending:
        new = [need for need in artefact.needs() if not need.exists() and need.folder not in found]
        found |= {need.folder: need for need in new}
        pending += new
    return [artefact for artefact in found.values() if artefact.kind in RULES]


def _time(missing: dict[tuple[str, str], list[Artefact]], planned: Graph) -> str:
    """Return the CPU time of the jobs of which others of the suite, with their rule and name, were measured here.

    Jobs of other suites have other sizes, and those of another name another cost: they say nothing.
    """
    own = {artefact.digest for artefact in planned.by_folder.values()}
    measured: dict[tuple[str, str], list[float]] = defaultdict(list)
    for file in LOGS.glob("*/*.tsv"):
        name, _, digest = file.stem.rpartition("-")
        if digest in own:
            with file.open(encoding="utf-8") as handle:
                cost_s = float(next(csv.DictReader(handle, delimiter="\t"))["cpu_s"])
            measured[file.parent.name, _run(name)].append(cost_s)
    names = [(rule, _run(artefacts[0].name)) for (rule, _), artefacts in missing.items()]
    costs_s = [statistics.median(measured[name]) for name in names if name in measured]
    if not costs_s:
        return "time: no such job of this suite was measured here yet; docs/performance.md has the times of the project's suites"
    unknown = f"; that of the other {len(names) - len(costs_s)} is not known" if len(costs_s) < len(names) else ""
    total = duration(sum(costs_s))
    return f"time: about {total} of one core for {len(costs_s)} of {len(names)} jobs, by such jobs in logs/{unknown}"


def _run(name: str) -> str:
    """Return the run or experiment of a job's name: a log is named by it alone."""
    return name.removesuffix("-evaluations").removesuffix("-experiment")


def _disk(missing: dict[tuple[str, str], list[Artefact]]) -> str:
    """Return the disk that the missing artefacts take if they are as large as those of their stage that exist, of any suite."""
    sizes: dict[str, float] = {}
    for rule, kind in STAGES.items():
        if found := [_bytes(spec.parent) for spec in Path(FOLDERS[kind]).glob("**/spec.json")]:
            sizes[rule] = statistics.mean(found)
    total = sum(len(artefacts) * sizes.get(rule, 0) for (rule, _), artefacts in missing.items())
    if not total:
        return "disk: nothing of its kind was made here yet"
    return f"disk: about {total / 1e9:.1f} GB, by what results of these stages take here"


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def duration(seconds: float) -> str:
    """Return a time for people: minutes, or hours and minutes."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
