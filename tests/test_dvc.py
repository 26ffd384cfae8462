"""DVC compares whatever is in params/; pulling is tested with the smoke suite, in pipeline/test_dag.py."""

import json
import shutil
import time
from pathlib import Path

import pytest
import yaml

from tests.clones import Clone, clone, write_suite
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def test_dvc_compares_every_recipe_and_protocol_without_a_list(tmp_path: Path):
    """A changed key, and a recipe that is new, of a stage that does nothing."""
    copy = Clone(tmp_path)
    shutil.copytree(ROOT / "params", tmp_path / "params")
    described = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    assert all((ROOT / entry).exists() for entry in described["params"])
    described["stages"] = {"pipeline": {"cmd": "true", "deps": ["params"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(described))
    copy.begin()
    copy.run("dvc", "init", "--quiet")
    copy.run("dvc", "repro", "--quiet")
    copy.commit()

    copy.run("dvc", "exp", "run", "--quiet", "-S", "params/methods/simclr.yaml:hyper.criterion.temperature=0.5")
    shown = copy.run("dvc", "exp", "show", "--only-changed", "--csv").stdout.splitlines()
    assert "params/methods/simclr.yaml:hyper.criterion.temperature" in shown[0].split(",")

    for folder in ("methods", "evaluations", "experiments"):
        (tmp_path / "params" / folder / "new.yaml").write_text("epochs: 7\n")
    changed = json.loads(copy.run("dvc", "params", "diff", "--json").stdout)
    temperature = changed["params/methods/simclr.yaml"]["hyper.criterion.temperature"]
    assert (temperature["old"], temperature["new"]) == (0.2, 0.5)
    for folder in ("methods", "evaluations", "experiments"):
        assert changed[f"params/{folder}/new.yaml"]["epochs"]["new"] == 7


FEW = """
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs: [hog]
    targets: [{data: scenes-tiny, evaluations: [knn]}]
"""


def test_a_queued_experiment_runs_as_it_was_when_it_was_queued(tmp_path: Path):
    """In DVC's own copy of the repository, by the sources there: the workspace has changed since."""
    copy = clone(tmp_path / "project")
    write_suite(copy.folder, "few", FEW)
    (copy.folder / "params" / "run.yaml").write_text("suite: few\n")
    copy.begin()
    copy.commit()
    copy.run("dvc", "exp", "run", "--quiet", "--queue", "--name", "k100", "-S", "params/evaluations/knn.yaml:k=100")
    copy.edit("src/selfsup/evaluations/knn.py", "DECIMALS = 10", "DECIMALS = 10 / 0")
    copy.run("dvc", "queue", "start")
    for _ in range(600):
        if "Running" not in (status := copy.run("dvc", "queue", "status").stdout) and "Queued" not in status:
            break
        time.sleep(1)
    assert "Success" in status, copy.run("dvc", "queue", "logs", "k100", check=False).stdout[-3000:]
    shown = copy.run("dvc", "exp", "show", "--csv").stdout
    assert "k100" in shown
