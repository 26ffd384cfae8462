"""CPU seconds of a suite by rule, from what the jobs of its last run wrote beside their logs: a table for docs/performance.md.

usage: python benchmarks/cost.py SUITE     in the folder where it ran, before its recipes change
"""

import csv
import statistics
import sys
from pathlib import Path

from selfsup.store.graph import graph

RULES = ("prepare", "pretrain", "features", "evaluate", "report")


def seconds(suite: str, folder: Path = Path("logs")) -> dict[str, list[float]]:
    """Return {row: CPU seconds of each job}: one row per rule, and for pretraining and evaluation also one per run."""
    own = {artefact.digest for artefact in graph(suite).by_folder.values()} | {suite}
    found: dict[str, list[float]] = {}
    for rule in RULES:
        for file in sorted((folder / rule).glob("*.tsv")):
            name, _, digest = file.stem.rpartition("-")
            if digest not in own and f"{name}-{digest}" not in own:
                continue
            with file.open(encoding="utf-8") as handle:
                cost = float(next(csv.DictReader(handle, delimiter="\t"))["cpu_s"])
            found.setdefault(rule, []).append(cost)
            if rule in ("pretrain", "evaluate"):
                found.setdefault(f"{rule} {name}", []).append(cost)
    return found


def main() -> None:
    """Print the table, rules first, and their total."""
    found = seconds(sys.argv[1])
    print("| rule | jobs | CPU s per job (median) | CPU s in total |\n|---|---|---|---|")
    for row, costs in sorted(
        found.items(), key=lambda item: (" " in item[0], RULES.index(item[0].split()[0]), item[0])
    ):
        print(f"| {row} | {len(costs)} | {statistics.median(costs):.1f} | {sum(costs):.0f} |")
    print(
        f"| all | {sum(len(found[r]) for r in RULES if r in found)} | | {sum(sum(found.get(r, [])) for r in RULES):.0f} |"
    )


if __name__ == "__main__":
    main()
