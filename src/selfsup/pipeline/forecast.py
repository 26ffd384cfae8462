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
    """Return the CPU time of the jobs, each by the median of those of the suite with its rule and name, or else with its rule.

    Jobs of other suites have other sizes.
    """
    own = {artefact.digest for artefact in planned.by_folder.values()}
    by_name: dict[tuple[str, str], list[float]] = defaultdict(list)
    by_rule: dict[str, list[float]] = defaultdict(list)
    for file in LOGS.glob("*/*.tsv"):
        rule, (name, _, digest) = file.parent.name, file.stem.rpartition("-")
        if digest not in own:
            continue
        with file.open(encoding="utf-8") as handle:
            cost_s = float(next(csv.DictReader(handle, delimiter="\t"))["cpu_s"])
        by_name[rule, _run(name)].append(cost_s)
        by_rule[rule].append(cost_s)
    costs_s, named = [], 0
    for (rule, _), (first, *_) in missing.items():
        same = by_name.get((rule, _run(first.name)))
        named += same is not None
        if same or by_rule[rule]:
            costs_s.append(statistics.median(same or by_rule[rule]))
    if not costs_s:
        return "time: no job of this suite was measured here yet; docs/performance.md has the times of the project's suites"
    left_out = (
        f"; {len(missing) - len(costs_s)} of stages never run here are left out" if len(costs_s) < len(missing) else ""
    )
    return (
        f"time: about {duration(sum(costs_s))} of one core, by the jobs in logs/ ({named} of {len(missing)} by jobs of their own "
        f"name, others by their stage's median{left_out})"
    )


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
