"""Costs of several pipelines on a shared machine: CPU seconds of one thread, interleaved and paired."""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

Case = Callable[[], Any]


def microseconds_per_image(cases: dict[str, tuple[Case, int]], repeats: int) -> dict[str, list[float]]:
    """Return the cost of each case in CPU microseconds per image, one number per repeat.

    A case is a callable and the images that one call takes; all cases run once before any is measured, and within a
    repeat one after the other, so that what else the machine does meets them alike.
    """
    for run, _ in cases.values():
        run()
    costs: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, (run, images) in cases.items():
            start = time.process_time()
            run()
            costs[name].append((time.process_time() - start) / images * 1e6)
    return costs


def compared(costs: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Return one row per case: its median cost, and the first case's over its own in the same repeat (median, range)."""
    rows, peer = [], next(iter(costs))
    for name, seconds in costs.items():
        ratios = [theirs / ours for theirs, ours in zip(costs[peer], seconds, strict=True)]
        rows.append(
            {
                "case": name,
                "cpu_us_per_image": round(statistics.median(seconds), 1),
                "peer": peer,
                "times_faster": round(statistics.median(ratios), 2),
                "times_faster_low": round(min(ratios), 2),
                "times_faster_high": round(max(ratios), 2),
                "n": len(seconds),
            }
        )
    return rows


def print_compared(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        spread = f"[{row['times_faster_low']:.2f} - {row['times_faster_high']:.2f}]"
        print(f"{row['case']:44} {row['cpu_us_per_image']:9.1f} us/image  {row['times_faster']:6.2f} x {spread}")


def parser(description: str | None, repeats: int) -> argparse.ArgumentParser:
    """Return the arguments of every script: how often it measures, and where its results are written."""
    common = argparse.ArgumentParser(description=description)
    common.add_argument("--repeats", type=int, default=repeats)
    common.add_argument(
        "--results", type=Path, default=Path(__file__).parent / "results", help="folder of the JSON file"
    )
    return common


def add_peers(to: argparse.ArgumentParser) -> None:
    text = "measure the other libraries too (benchmarks/requirements.lock)"
    to.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help=text)


def write_result(name: str, folder: Path, facts: dict[str, Any], rows: Any) -> None:
    """Write rows with their provenance to ``<folder>/<name>.json``."""
    packages = ("torch", "torchvision", "lightly", "kornia", "numpy", "pillow", "scikit-learn", "scipy")
    installed = {distribution.metadata["Name"].lower() for distribution in distributions()}
    provenance = {
        "command": " ".join(["python", f"benchmarks/{name}.py", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "cpu": _cpu_model(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages if package in installed},
    }
    text = json.dumps({"benchmark": name, "provenance": provenance, "facts": facts, "rows": rows}, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _cpu_model() -> str:
    """Return the name of the processor on Linux, elsewhere its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
