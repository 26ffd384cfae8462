"""Every test runs on one thread, with deterministic algorithms, away from the user's data."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from tests.clones import Clone, clone

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    torch.set_num_threads(1)
    monkeypatch.delenv("SELFSUP_DATA_ROOT", raising=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a copy of the project's params/, as the working directory; planning reads it afresh."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    """Empty planning's caches, as a new process would."""
    from selfsup.config import recipe, suite
    from selfsup.pipeline import publish
    from selfsup.store import artefact

    caches = (recipe.data, recipe._method_file, recipe.evaluation, suite.load, publish.digest)
    made = (artefact.chains, artefact.experiments, artefact._prepared, artefact._table)
    for cached in (*caches, *made):
        cached.cache_clear()


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The smoke suite, run from nothing to its report."""
    made = clone(tmp_path_factory.mktemp("smoke") / "selfsup")
    made.snakemake()
    return made
