"""DVC: its one stage, what it compares, and a clone that has nothing to do after a pull."""

import subprocess
from pathlib import Path

import yaml

from tests.clones import Clone
from tests.conftest import ROOT


def test_dvc_compares_every_recipe_and_protocol():
    listed = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["params"])
    files = {
        str(f.relative_to(ROOT))
        for part in ("methods", "evaluations", "experiments")
        for f in (ROOT / "params" / part).glob("*.yaml")
    }
    assert listed == files | {"params/run.yaml"}


def test_a_clone_and_a_pull_leave_nothing_to_do_and_back_is_free(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "first")
    copy.edit("params/run.yaml", "suite: quick", "suite: smoke")
    copy.run("git", "init", "--quiet")
    copy.run("git", "config", "user.email", "test@localhost")
    copy.run("git", "config", "user.name", "test")
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


def commit(copy: Clone) -> None:
    copy.run("git", "add", "--all")
    copy.run("git", "commit", "--quiet", "--message", "made")
