"""Results are carried over a change of code only where a sample, made at both revisions, is equal byte for byte."""

import json

import pytest

from tests.clones import Clone, clone

pytestmark = pytest.mark.slow

SUITE = """
title: tiny
summary: one run
device: cpu
precision: float32
threads: 1
groups:
  - name: scenes
    data: scenes-tiny
    seeds: [0, 1]
    runs: [{method: random, name: random, set: {batch_size: 64, epochs: 1}}]
    targets:
      - data: scenes-tiny
        evaluations: [knn]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose results were made at its one commit, of which two seeds."""
    project = clone(tmp_path_factory.mktemp("carry") / "selfsup")
    (project.folder / "params" / "suites" / "tiny.yaml").write_text(SUITE)
    project.run("git", "init", "--quiet")
    commit(project)
    project.snakemake(suite="tiny")
    return project


def commit(project: Clone) -> None:
    for words in (("add", "--all"), ("commit", "--quiet", "--message", "as it is")):
        project.run("git", "-c", "user.email=test@localhost", "-c", "user.name=test", *words)


def plan(project: Clone) -> dict[str, str]:
    found: dict[str, str] = json.loads(project.run("selfsup", "plan", "--suite", "tiny").stdout)
    return found


def test_a_remade_parent_with_the_same_bytes_has_its_children_found_again(made: Clone):
    before = plan(made)
    made.edit("src/selfsup/datasets/scenes.py", "np.concatenate([part", "np.concatenate([1 * part")
    assert made.planned("tiny") == {"prepare": 1, "pretrain": 2, "features": 2, "evaluate": 2, "report": 1}
    said = made.snakemake(suite="tiny")
    assert "step 1/" not in said.stdout + said.stderr
    after = plan(made)
    for name in ("scenes/random/s0/weights", "scenes/random/s1/scenes-tiny/knn"):
        spec = json.loads((made.folder / after[name] / "spec.json").read_text())
        assert spec["same_as"] == before[name] != after[name]


def test_a_change_that_moves_no_number_is_carried_and_one_that_does_is_refused(made: Clone):
    commit(made)
    before = plan(made)
    made.edit("src/selfsup/device.py", "set_num_threads(threads)", "set_num_threads(int(threads))")
    after = plan(made)
    new = [name for name in before if before[name] != after[name]]
    assert {name.split("/")[-1] for name in new} >= {"weights", "knn", "features"}
    said = made.run("selfsup", "carry", "HEAD", "--suite", "tiny").stderr
    assert f"{len(new)} artefacts carried" in said
    assert made.planned("tiny") == {"report": 1}
    for name in new:
        spec = json.loads((made.folder / after[name] / "spec.json").read_text())
        assert spec["carried"]["artefact"] == before[name]
        old = json.loads((made.folder / before[name] / "spec.json").read_text())
        assert spec["files"] == old["files"]

    refused = made.run("selfsup", "carry", "nosuch", "--suite", "tiny", check=False)
    assert "nosuch names no commit of this repository" in refused.stderr

    made.edit("src/selfsup/nn/encoder.py", "x = stage(x)", "x = stage(x) * 1.5")
    done = made.run("selfsup", "carry", "HEAD", "--suite", "tiny", check=False)
    assert done.returncode == 1
    assert "nothing is carried" in done.stderr
    assert "Traceback" not in done.stderr
    assert made.planned("tiny")["features"] == 2
    assert not list((made.folder / "data" / ".partial").glob("carry*"))
