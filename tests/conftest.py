"""Every test runs on one thread, with deterministic algorithms, away from the user's data."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from tests.clones import Clone, clone

ROOT = Path(__file__).parents[1]
pytest_plugins = ["tests.reliability"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of what takes long to make, the smoke suite or a whole report, as slow; the longest files are first.

    Tests of the smoke suite are all in one file: with pytest-xdist each process that runs one of them would make the suite.
    """
    for item in items:
        if {"smoke", "built"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: (item.path.stem != "test_kills", "smoke" not in getattr(item, "fixturenames", ())))


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
    from selfsup import extensions
    from selfsup.config import claims, recipe, reported, shown, signature, suite
    from selfsup.pipeline import publish
    from selfsup.specs import syntax
    from selfsup.store import graph, modules, reach

    found = (extensions.source, extensions.full_name, extensions._added, extensions.packages)
    parsed = (syntax.tree, syntax.imports, syntax._lineage, modules.read, reach.resolve)
    schemas = (signature.schema, signature.method_schema)
    planned = (recipe.data, recipe._method_file, recipe.evaluation, suite.load, suite.known_runs, publish.digest)
    texts = (claims.claims, reported.reported, shown.shown, shown.protocol_title)
    made = (graph.graph, graph.prepared)
    for cached in (*found, *parsed, *schemas, *planned, *texts, *made):
        cached.cache_clear()
    reach._found.clear()


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The smoke suite, run from nothing to its report, without a network where that can be taken away."""
    made = clone(tmp_path_factory.mktemp("smoke") / "selfsup")
    made.snakemake_offline()
    return made
