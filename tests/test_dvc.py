"""DVC: its one stage, what it compares, and a clone that has nothing to do after a pull."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.clones import Clone
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
    begin(copy)
    copy.run("dvc", "init", "--quiet")
    copy.run("dvc", "repro", "--quiet")
    commit(copy)

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


def test_a_clone_and_a_pull_leave_nothing_to_do_and_back_is_free(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "first")
    copy.edit("params/run.yaml", "suite: quick", "suite: smoke")
    begin(copy)
    copy.run("dvc", "remote", "add", "--quiet", "--default", "store", str(tmp_path / "remote"))
    assert "images/s" not in (done := copy.run("dvc", "repro")).stdout + done.stderr
    commit(copy)
    copy.run("dvc", "push", "--quiet")

    subprocess.run(["git", "clone", "--quiet", str(copy.folder), str(tmp_path / "second")], check=True)
    second = Clone(tmp_path / "second")
    second.run("dvc", "pull", "--quiet")
    assert second.planned() == {}
    assert {k: v for k, v in second.bytes().items() if "/.partial/" not in k} == copy.bytes()

    second.edit("params/methods/random.yaml", "batch_size: 128", "batch_size: 128  # a comment")
    second.edit("params/evaluations/knn.yaml", "k: 200", "k: 100")
    second.run("dvc", "repro")
    second.run("git", "checkout", "--quiet", "params")
    done = second.run("dvc", "repro")
    assert "images/s" not in done.stdout + done.stderr
    assert second.run("git", "status", "--porcelain").stdout == ""


def begin(copy: Clone) -> None:
    copy.run("git", "init", "--quiet")
    copy.run("git", "config", "user.email", "test@localhost")
    copy.run("git", "config", "user.name", "test")


def commit(copy: Clone) -> None:
    copy.run("git", "add", "--all")
    copy.run("git", "commit", "--quiet", "--message", "made")
