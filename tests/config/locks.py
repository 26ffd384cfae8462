"""Locks of data sets that the project names and nobody has registered here: enough to plan with."""

from pathlib import Path

import yaml

from selfsup.config.signature import keywords
from selfsup.datasets.lock import make_lock, write_lock
from tests.conftest import forget


def lock_missing(project: Path) -> None:
    """Write the lock of every data set of the project's params/ that has none; one for testing alone has only that split."""
    for file in sorted((project / "params" / "data").glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        lock = file.with_name(f"{content.get('source')}.lock")
        if "source" in content and not lock.exists():
            for_testing = "test_frames" in keywords(f"datasets.{content['dataset']}", "prepare")
            splits = ("test",) if for_testing else ("train", "test")
            write_lock(
                lock,
                make_lock({split: ([f"{n:064d}" for n in range(512)], [-1] * 512) for split in splits}, grey=False),
            )
    forget()
