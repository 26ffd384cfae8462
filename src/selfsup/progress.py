"""Progress of a job: a bar on a terminal, a line every few seconds inside a pipeline, and a log file."""

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from selfsup.loggers import Changes


class Progress:
    """Reports what a job is doing; it never influences a result."""

    def __init__(self, label: str, log: Path | None = None, every_s: float = 5.0) -> None:
        self.label = label
        self.every_s = every_s
        self.bar = sys.stderr.isatty() and log is None
        self.job = log.stem if log else ""
        self.log: TextIO | None = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            self.log = log.open("a", encoding="utf-8")

    def say(self, line: str) -> None:
        """Print one line, and write it to the log."""
        print(f"{self.label}: {line}", file=sys.stderr, flush=True)
        if self.log:
            print(line, file=self.log, flush=True)

    def steps(self, start: int, total: int, unit: str, images_per_step: int, status: dict[str, float]) -> Iterator[int]:
        """Yield ``start`` to ``total``, showing the position, images per second, and the newest values of ``status``.

        The logger that is chosen, if any, gets each change of ``status``.
        """
        changes, step = Changes(self.label, self.job, start, status), start
        try:
            for step in self._shown(start, total, unit, images_per_step, status):
                changes.log(step, status)
                yield step
        finally:  # also where training stops before the last step
            changes.log(step + 1, status)
            changes.close()

    def _shown(
        self, start: int, total: int, unit: str, images_per_step: int, status: dict[str, float]
    ) -> Iterator[int]:
        if self.bar:
            bar = tqdm(range(start, total), desc=self.label, initial=start, total=total, unit=unit, leave=False)
            for step in bar:
                yield step
                bar.set_postfix({key: f"{value:.3g}" for key, value in status.items()}, refresh=False)
            return
        start_s = printed_s = time.monotonic()
        for step in range(start, total):
            yield step
            now = time.monotonic()
            if now - printed_s >= self.every_s or step + 1 == total:
                steps_per_s = (step + 1 - start) / max(now - start_s, 1e-9)
                left_s = (total - step - 1) / steps_per_s
                values = ", ".join(f"{key} {value:.3g}" for key, value in status.items())
                left = f", {left_s:.0f} s left" if step + 1 < total else ""
                self.say(f"{unit} {step + 1}/{total}{left}, {steps_per_s * images_per_step:.0f} images/s, {values}")
                printed_s = now


def record_cost(log: Path, started_s: float) -> None:
    """Write what this process has cost beside its log, as ``.tsv``: CPU seconds with children, seconds since
    ``started_s`` of the monotonic clock, and the largest memory in MB."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    values = f"{cpu_s:.2f}\t{time.monotonic() - started_s:.2f}\t{own.ru_maxrss / 1024:.0f}"
    log.with_suffix(".tsv").write_text(f"cpu_s\twall_s\tpeak_mb\n{values}\n", encoding="utf-8")
