"""Results are carried over a change of code only where a sample, made at both revisions, is equal byte for byte."""

import json

import pytest

from selfsup.errors import InputError
from selfsup.pipeline import carry
from selfsup.progress import Progress
from tests.clones import Clone, clone, write_suite

pytestmark = pytest.mark.slow

GROUPS = """
  - name: scenes
    data: scenes-tiny
    seeds: [0, 1]
    runs: [{method: random, name: random, set: {batch_size: 64, epochs: 1}}]
    targets: [{data: scenes-tiny, evaluations: [knn]}]
"""
MAKE_ALL = """
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store.graph import graph

for artefact in graph("tiny").by_folder.values():
    if artefact.kind not in ("predictions", "gallery", "measures"):
        jobs.run(artefact, Progress(artefact.kind))
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository of one commit, with the results of two seeds, made in one process."""
    project = clone(tmp_path_factory.mktemp("carry") / "selfsup")
    write_suite(project.folder, "tiny", GROUPS)
    project.begin()
    project.commit()
    project.run("python", "-c", MAKE_ALL)
    return project


def plan(project: Clone) -> dict[str, str]:
    folders: dict[str, str] = json.loads(project.run("selfsup", "plan", "--suite", "tiny").stdout)
    return folders


def spec(project: Clone, folder: str) -> dict:
    return json.loads((project.folder / folder / "spec.json").read_text())


def test_children_of_a_remade_parent_with_the_same_bytes_are_reused(repository: Clone):
    before = plan(repository)
    repository.edit("src/selfsup/datasets/scenes.py", '"label": scenes.label', '"label": 1 * scenes.label')
    done = repository.run("python", "-c", MAKE_ALL)
    assert "step 1/" not in done.stdout + done.stderr
    after = plan(repository)
    assert "same_as" not in spec(repository, after["scenes/prepared"])
    assert after["scenes/prepared"] != before["scenes/prepared"]
    for name in ("scenes/random/s0/weights", "scenes/random/s1/scenes-tiny/knn"):
        assert spec(repository, after[name])["same_as"] == before[name] != after[name]


def test_a_change_that_moves_no_number_is_carried(repository: Clone):
    """Each revision makes its sample by its own code: a folder of the store is one that only this code leads to."""
    repository.commit()
    before = plan(repository)
    repository.edit("src/selfsup/device.py", "set_num_threads(threads)", "set_num_threads(int(threads))")
    done = repository.run("selfsup", "carry", "HEAD", "--suite", "tiny")
    after = plan(repository)
    changed = [name for name in before if before[name] != after[name]]
    assert {name.split("/")[-1] for name in changed} >= {"weights", "knn", "features"}
    assert f"{len(changed)} artefacts carried" in done.stderr
    assert repository.planned("tiny") == {"report": 1}
    for name in changed:
        carried = spec(repository, after[name])
        assert carried["carried"]["artefact"] == before[name]
        assert carried["files"] == spec(repository, before[name])["files"]
    assert not list((repository.folder / "data" / ".partial").glob("carry*"))


def test_a_sample_that_differs_is_refused(tmp_path):
    folders = tmp_path / "before", tmp_path / "after"
    for folder in folders:
        folder.mkdir()
        (folder / "curves.csv").write_text("1.5")
        (folder / "spec.json").write_text(folder.name)
    assert carry._compare({"scenes/random/s0/weights": folders}) == 1
    (folders[1] / "curves.csv").write_text("1.6")
    with pytest.raises(
        InputError, match=r"1 files .* differ .*, first scenes/random/s0/weights: curves\.csv; the change"
    ):
        carry._compare({"scenes/random/s0/weights": folders})


def test_a_revision_that_does_not_exist_is_refused(repository: Clone, monkeypatch):
    monkeypatch.chdir(repository.folder)
    with pytest.raises(InputError, match="nosuch names no commit of this repository"):
        carry.carry("nosuch", "tiny", Progress("test"))
