"""What the Snakefile asks: which artefact a path is, what it needs, and how many GPUs a rule takes."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfsup.config import suite as suites
from selfsup.errors import InputError
from selfsup.pipeline import publish
from selfsup.pipeline.makers import data_root
from selfsup.store import disk
from selfsup.store.chains import chains

STAGES = {"pretrain": "weights", "features": "features", "evaluate": "results"}
FORCING = re.compile(r"-[a-zA-Z]*[FR]|--forceall|--forcerun")


class Plan:
    """One suite's artefacts, by path. They are restored from the archive first, so that planning finds them."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        asked = suites.load(suite)
        publish.check(suite)
        disk.restore_all(suite)
        self.artefacts = disk.reachable(suite)
        self.threads = asked.threads
        self.gpus = int(asked.device == "cuda")

    def inputs(self, pattern: str) -> Callable[[Any], list[Any]]:
        """Return the input function of the rule that makes the folders of a pattern.

        A file that exists is valid, so every input is ancient, and a target that exists does not ask for parents
        that are not there (a partial pull).
        """
        from snakemake.io import ancient

        def needed(wildcards: Any) -> list[Any]:
            folder = Path(pattern.format(**wildcards))
            artefact = self.artefacts.get(folder)
            if artefact is None:
                sys.exit(f"selfsup: {folder}: suite {self.suite} does not lead to it; ask `selfsup where`")
            there = artefact.exists()
            return [ancient(str(need.target)) for need in artefact.needs() if not there or need.exists()]

        return needed

    def check(self) -> None:
        """Exit with one sentence, before any job starts, where a data set or a recipe cannot be served."""
        self._check_files()
        if any(artefact.kind == "weights" and not artefact.exists() for artefact in self.artefacts.values()):
            # In a process of its own: building networks needs torch, which planning never loads.
            command = [sys.executable, "-m", "selfsup", "check", "--suite", self.suite]
            if (done := subprocess.run(command, capture_output=True, text=True)).returncode:
                sys.exit(done.stderr.strip())

    def _check_files(self) -> None:
        try:
            missing = [artefact for artefact in self.artefacts.values() if not artefact.exists()]
            needed = {need.folder: need for artefact in missing for need in artefact.needs()}
            for artefact in needed.values():
                own = artefact.params.get("source") or artefact.params.get("file")
                if own and not artefact.exists() and not (data_root() / own).exists():
                    raise InputError(
                        f"{data_root() / own} is missing; put the {'data set' if artefact.kind == 'prepared' else 'weights'} "
                        "there, or correct SELFSUP_DATA_ROOT"
                    )
        except InputError as error:
            sys.exit(f"selfsup: {error}")

    def results(self, suite: str) -> list[str]:
        """Return the results that the report of a suite is made from."""
        return [str(a.target) for a in disk.reachable(suite).values() if a.kind in ("results", "experiment")]

    def named(self) -> dict[str, list[str]]:
        """Return {rule name: targets}, for each stage and run, and for each stage over all runs."""
        found: dict[str, list[str]] = {}
        for _, group in chains(self.suite):
            for chain in group:
                for stage, kind in STAGES.items():
                    targets = [str(artefact.target) for artefact in chain.of_kind(kind)]
                    for name in (f"{stage}_{chain.run.name.replace('-', '_')}", f"{stage}_all"):
                        found.setdefault(name, []).extend(targets)
        return {name: sorted(set(targets)) for name, targets in found.items()}


def asked_suite(config: dict[str, Any]) -> str:
    """Return the suite that Snakemake was asked for; InputError for any other key, which would silently do nothing."""
    if unknown := [key for key in config if key != "suite"]:
        raise InputError(f"--config {unknown[0]}=...: the only key is suite, e.g. --config suite=quick")
    return str(config.get("suite") or suites.default())


def refuse_force(argv: list[str]) -> None:
    """Raise InputError where Snakemake is told to repeat what is there: a path names its content."""
    if forced := [word for word in argv if FORCING.match(word)]:
        raise InputError(
            f"{forced[0]} is not for this store: `selfsup remove RUN KIND --apply`, then `snakemake`, makes it anew"
        )
