"""CPU seconds by rule, from the files that Snakemake's `benchmark:` wrote for the last run: a table for docs/performance.md.

usage: python benchmarks/cost.py [logs/benchmarks]
"""

import csv
import statistics
import sys
from pathlib import Path

RULES = ("prepare", "pretrain", "features", "evaluate", "report")


def seconds(folder: Path) -> dict[str, list[float]]:
    """Return {row: CPU seconds of each job}: a row for each rule, and pretraining and evaluation by run as well."""
    found: dict[str, list[float]] = {}
    for rule in RULES:
        for file in sorted((folder / rule).rglob("*.tsv")):
            with file.open(encoding="utf-8") as handle:
                cost = float(next(csv.DictReader(handle, delimiter="\t"))["cpu_time"])
            found.setdefault(rule, []).append(cost)
            if rule in ("pretrain", "evaluate"):
                name = file.relative_to(folder / rule).parts[0].rpartition("-")[0]
                found.setdefault(f"{rule} {name}", []).append(cost)
    return found


def main() -> None:
    """Print the table, rules first, and their total."""
    found = seconds(Path(sys.argv[1] if len(sys.argv) > 1 else "logs/benchmarks"))
    print("| rule | jobs | CPU s a job (median) | CPU s in all |\n|---|---|---|---|")
    for row, costs in sorted(
        found.items(), key=lambda item: (" " in item[0], RULES.index(item[0].split()[0]), item[0])
    ):
        print(f"| {row} | {len(costs)} | {statistics.median(costs):.1f} | {sum(costs):.0f} |")
    print(
        f"| all | {sum(len(found[r]) for r in RULES if r in found)} | | {sum(sum(found.get(r, [])) for r in RULES):.0f} |"
    )


if __name__ == "__main__":
    main()
