"""What the Snakefile needs: the inputs of each folder, targets by name, and the checks before the first job."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfsup import loggers
from selfsup.config import suite as suites
from selfsup.errors import InputError, explained
from selfsup.pipeline import preload, publish
from selfsup.pipeline.makers import data_root
from selfsup.store import disk
from selfsup.store.artefact import STAGES
from selfsup.store.graph import graph
from selfsup.store.saved import save

OF_RUNS = ("pretrain", "features", "evaluate")
FORCING = re.compile(r"-[a-zA-Z]*[FR]|--forceall|--forcerun")


class Plan:
    """One suite for Snakemake. Its artefacts are first restored from the archive, so that planning finds them."""

    def __init__(self, suite: str) -> None:
        self.graph = graph(suite)
        publish.check(self.graph)
        try:
            disk.restore_all(self.graph)
        except OSError as error:
            if (sentence := explained(error)) is None:
                raise
            raise InputError(sentence) from error
        save(suite, self.graph.by_folder)
        self.suite = suite
        self.threads = self.graph.suite.threads
        self.gpus = int(self.graph.suite.device == "cuda")

    def batches(self, stage: str) -> list[tuple[str, tuple[int, ...], str]]:
        """Return (suffix, seeds, digest) for each list of seeds that a stage's artefacts have, none for those without.

        One job makes all seeds: a process costs seconds before it does anything. ``digest`` is a regular expression of the
        digests with these seeds; that of the last, whose suffix is empty, is of any other.
        """
        digests = self._digests_by_seeds(STAGES[stage])
        *others, last = sorted(digests, key=lambda seeds: len(digests[seeds])) or [()]
        special = [(f"_{'_'.join(map(str, seeds))}", seeds, "|".join(digests[seeds])) for seeds in others]
        outside = f"(?!{'|'.join(digest for *_, digest in special)})" if special else ""
        return [*special, ("", last, f"{outside}[0-9a-f]{{12}}")]

    def _digests_by_seeds(self, kind: str) -> dict[tuple[int, ...], list[str]]:
        seeds: dict[str, list[int]] = defaultdict(list)
        for artefact in self.graph.by_folder.values():
            if artefact.kind == kind:
                seeds[artefact.digest] += [] if artefact.seed is None else [artefact.seed]
        digests: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for digest, of in seeds.items():
            digests[tuple(sorted(of))].append(digest)
        return digests

    def inputs(self, patterns: list[str]) -> Callable[[Any], list[Any]]:
        """Return the input function of the rule that makes the files of these patterns.

        A file that exists is valid, so every input is ancient, and a target that exists does not need parents that are
        missing (a partial pull).
        """
        from snakemake.io import ancient

        def needed(wildcards: Any) -> list[Any]:
            needs: dict[Path, None] = {}
            for pattern in patterns:
                folder = Path(pattern.format(**wildcards)).parent
                artefact = self.graph.by_folder.get(folder)
                if artefact is None:
                    sys.exit(
                        f"selfsup: {folder}: suite {self.suite} does not lead to it; `selfsup where` prints its folders"
                    )
                needs |= dict.fromkeys(n.target for n in artefact.needs() if not artefact.exists() or n.exists())
            return [ancient(str(target)) for target in needs]

        return needed

    def check(self) -> None:
        """Exit with one sentence, before any job starts, where files are missing or a recipe does not fit its data."""
        missing = [artefact for artefact in self.graph.by_folder.values() if not artefact.exists()]
        try:
            loggers.chosen()
            for need in {need.folder: need for artefact in missing for need in artefact.needs()}.values():
                source = need.params.get("source") or need.params.get("file")
                if source and not need.exists() and not (data_root() / source).exists():
                    content = "data set" if need.kind == "prepared" else "weights"
                    raise InputError(
                        f"{data_root() / source} is missing; put the {content} there, or correct SELFSUP_DATA_ROOT"
                    )
        except InputError as error:
            sys.exit(f"selfsup: {error}")
        if any(artefact.kind == "weights" for artefact in missing):
            # In a separate process: building networks needs torch, which planning never loads.
            command = [sys.executable, "-m", "selfsup", "check", "--suite", self.suite]
            if (done := subprocess.run(command, capture_output=True, text=True)).returncode:
                sys.exit(done.stderr.strip())

    def require_report(self) -> None:
        """Raise InputError unless the suite's report, which Snakemake's own report shows, is complete and up to date."""
        if not publish.current(self.graph):
            raise InputError(
                f"reports/{self.suite} is missing or out of date; run `snakemake --config suite={self.suite}` before --report"
            )

    def preload(self) -> None:
        """Let jobs fork from a process that has imported what they need; not those of a GPU or of several threads, which are
        long."""
        if not self.gpus and self.threads == 1 and os.name == "posix":
            preload.start()

    def end_on_sigterm(self, scheduler: Any) -> None:
        """End Snakemake on SIGTERM by a thread: its own handler waits for a lock that the thread it interrupts may hold, and then
        waits forever."""
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=scheduler.exit_gracefully).start())

    def report_inputs(self, suite: str) -> list[Any]:
        """Return the results and the data that the report of a suite is made from, and a new file where it is stale."""
        from snakemake.io import ancient

        sources = [ancient(str(artefact.target)) for artefact in publish.sources(graph(suite))]
        return [*publish.stale(graph(suite)), *sources]

    def named(self) -> dict[str, list[str]]:
        """Return {rule name: targets}, for each stage and run, and for each stage over all runs."""
        targets: dict[str, set[str]] = defaultdict(set)
        for chain in self.graph.chains:
            for stage in OF_RUNS:
                files = {str(artefact.target) for artefact in chain.of_kind(STAGES[stage]) if chain.needs(artefact)}
                targets[f"{stage}_{chain.run.name.replace('-', '_')}"] |= files
                targets[f"{stage}_all"] |= files
        return {name: sorted(files) for name, files in targets.items()}


def suite_of(config: dict[str, Any]) -> str:
    """Return the suite that Snakemake's configuration names; InputError for any other key, which would have no effect."""
    if unknown := [key for key in config if key not in ("suite", "strict")]:
        raise InputError(
            f"--config {unknown[0]}=...: the keys are suite, e.g. --config suite=quick, and strict=1, to hash all that jobs read"
        )
    return str(config.get("suite") or suites.default())


def refuse_force(argv: list[str]) -> None:
    """Raise InputError for Snakemake's options that repeat finished jobs: a path names its content."""
    if forced := [word for word in argv if FORCING.match(word)]:
        raise InputError(
            f"{forced[0]} is not for this store: `selfsup remove RUN KIND --apply`, then `snakemake`, makes it anew"
        )
