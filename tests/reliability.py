"""The plugin behind `make reliability`: counts what marked tests tried, and writes docs/reliability.md from that run alone."""

import platform
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

HEADER = """# Reliability

Written by `make reliability`, all of it from one run of the marked tests. *Tried* counts kills, file operations at which a
command was stopped, damaged files, wrong inputs; *broken* those in which what is promised did not hold.

| what was tried | what is promised | tried | broken |
|---|---|---:|---:|
"""


@dataclass
class Count:
    tried: int = 0
    broken: int = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reliability", type=Path, help="write the counts of this run to a file")
    parser.addoption(
        "--kills", type=int, default=4, help="how often a pipeline is killed (tests/pipeline/test_kills.py)"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Send a test's mark with its report, which xdist brings to the process that counts."""
    if mark := item.get_closest_marker("counts"):
        item.user_properties.append(("counts", mark.args))


class Counter:
    """Adds up the reports of marked tests."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], Count] = defaultdict(Count)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        if "counts" not in properties or (report.when != "call" and report.passed):
            return
        count = self.counts[tuple(properties["counts"])]
        count.tried += int(properties.get("tried", 1))
        count.broken += int(properties.get("broken", report.failed))

    def pytest_terminal_summary(self, config: pytest.Config) -> None:
        lines = [
            f"| {what} | {promise} | {c.tried:,} | {c.broken:,} |" for (what, promise), c in sorted(self.counts.items())
        ]
        config.getoption("reliability").write_text(HEADER + "\n".join(lines) + "\n" + _machine(), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("reliability") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Counter())


def _machine() -> str:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return f"\nCommit {commit}, Python {platform.python_version()}, {platform.system()}.\n"
