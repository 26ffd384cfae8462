"""Published weights in a suite: one file of params/weights with its lock, and the same evaluations as runs."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file

from selfsup.config import weights as config
from selfsup.config.suite import load
from selfsup.errors import InputError
from selfsup.nn.encoder import build
from selfsup.pipeline import jobs
from selfsup.pipeline.plan import Plan
from selfsup.progress import Progress
from selfsup.store.graph import graph
from tests.conftest import forget

SUITE = {
    "title": "imported",
    "summary": "published weights beside a run",
    "device": "cpu",
    "precision": "float32",
    "threads": 1,
    "groups": [
        {
            "name": "scenes",
            "data": "scenes-tiny",
            "seeds": [0, 1],
            "runs": ["random"],
            "weights": ["published"],
            "targets": [{"data": "scenes-tiny", "evaluations": ["knn", "pretext"]}],
        }
    ],
}
WEIGHTS = {
    "title": "A published encoder",
    "paper": {"authors": "Somebody", "year": 2020, "title": "An encoder"},
    "licence": "MIT",
    "url": "https://example.org/encoder",
    "file": "published.safetensors",
    "encoder": {"backbone": "small_conv", "width": 8},
    "preprocessing": {"mean": [0.4, 0.4, 0.4], "std": [0.2, 0.2, 0.2]},
}


@pytest.fixture
def imported(project, monkeypatch):
    """A project with published weights, their lock, and a suite that scores them."""
    monkeypatch.setenv("SELFSUP_DATA_ROOT", str(project))
    torch.manual_seed(0)
    state = build(WEIGHTS["encoder"]).stages.state_dict()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, project / "published.safetensors")
    Path("params/weights").mkdir(exist_ok=True)
    Path("params/weights/published.yaml").write_text(yaml.safe_dump(WEIGHTS))
    Path("params/suites/imported.yaml").write_text(yaml.safe_dump(SUITE))
    config.weights.cache_clear()
    from selfsup.nn.imported import file_digest

    file = project / "published.safetensors"
    config.write_lock("published", file_digest(file), file.stat().st_size)
    yield project
    config.weights.cache_clear()


def test_published_weights_are_scored_by_all_protocols_but_those_of_predictions(imported):
    first, second = [chain for chain in graph("imported").chains if chain.run.name == "published"]
    assert first.weights.folder == second.weights.folder
    assert list(first.measures) == [("scenes-tiny", "knn")]
    assert load("imported").groups[0].runs[1].paper["licence"] == "MIT"
    for artefact in first.artefacts():
        jobs.run(artefact, Progress("test"))
    assert first.results.exists()
    measures = json.loads((first.measures["scenes-tiny", "knn"].folder / "measures.json").read_text())["measures"]
    assert 0 <= measures[0]["value"] <= 100


def test_a_missing_file_or_lock_is_one_sentence_before_anything_runs(imported):
    Path("published.safetensors").unlink()
    with pytest.raises(SystemExit, match=r"published\.safetensors is missing; put the weights there"):
        Plan("imported").check()
    Path("params/weights/published.lock").unlink()
    config.weights.cache_clear()
    forget()
    with pytest.raises(InputError, match="run `selfsup import published`"):
        load("imported")
