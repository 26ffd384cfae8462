"""The whole DAG at smoke size, and what decides that a job runs."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.clones import Clone, clone

pytestmark = pytest.mark.slow

BRANCH = {"pretrain": 1, "features": 1, "evaluate": 1, "report": 1}


def test_the_report_is_there(smoke: Clone):
    folder = smoke.folder / "reports" / "smoke"
    for name in ("index.html", "report.pdf", "results.csv", "metrics.json", "manifest.json"):
        assert (folder / name).stat().st_size > 0
    header, *rows = (folder / "results.csv").read_text().splitlines()
    assert header.startswith("suite,method,variant,encoder,pretrain_set,seed,evaluation")
    assert len(rows) > 50
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "index.html" in manifest["files"]


def test_nothing_is_left_to_do_and_nothing_half_written(smoke: Clone):
    assert smoke.planned() == {}
    partial = smoke.folder / "data" / ".partial"
    assert not partial.exists() or list(partial.iterdir()) == []


def test_clocks_decide_nothing(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    for number, file in enumerate(sorted((copy.folder / "data").rglob("spec.json"), reverse=True)):
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)
        os.utime(file, (1_000_000 + number, 1_000_000 + number))
    assert copy.planned() == {}


def test_one_recipe_key_is_one_branch_and_back_is_free(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/methods/rotation.yaml", "weight_decay: 1.0e-4", "weight_decay: 2.0e-4")
    assert copy.planned() == {**BRANCH, "features": 2}  # one of each target that it is scored on
    copy.edit("params/methods/rotation.yaml", "weight_decay: 2.0e-4", "weight_decay: 1.0e-4")
    assert copy.planned() == {}


def test_one_protocol_key_spares_the_runs(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/evaluations/knn.yaml", "k: 200", "k: 100")
    groups = yaml.safe_load((copy.folder / "params/suites/smoke.yaml").read_text())["groups"]
    asking = sum(len(group["runs"]) for group in groups if "knn" in group["targets"][0]["evaluations"])
    assert copy.planned() == {"evaluate": asking, "report": 1}


def test_a_key_of_a_table_makes_it_anew_and_its_branch(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/methods/jigsaw.yaml", "seed: 0}", "seed: 1}")
    assert copy.planned() == {"table": 1, **BRANCH}


def test_what_a_suite_changes_of_an_experiment_makes_it_anew(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/suites/smoke.yaml", "set: {steps: 20,", "set: {steps: 21,")
    assert copy.planned() == {"experiment": 1, "report": 1}


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("src/selfsup/methods/moco.py", '"""', '"""A comment more. ', {}),
        ("src/selfsup/methods/moco.py", "import torch\n", "import torch  # a comment\n", {}),
        ("src/selfsup/methods/moco.py", "import torch\n", "import torch\n\nCONSTANT = 1\n", {}),
        (
            "src/selfsup/methods/moco.py",
            "self.encoder, self.momentum)",
            "self.encoder, 0.5 * self.momentum)",
            {**BRANCH, "pretrain": 2, "features": 2, "evaluate": 2},
        ),
        ("src/selfsup/report/build.py", "indent=1", "indent=2", {"report": 1}),
    ],
)
def test_code_counts_as_what_is_reached(
    smoke: Clone, tmp_path: Path, path: str, old: str, new: str, expected: dict[str, int]
):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit(path, old, new)
    assert copy.planned() == expected


def test_a_new_file_is_nobody_elses_business(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    for place in ("methods", "losses", "evaluations", "views", "nn/backbones"):
        (copy.folder / "src" / "selfsup" / place / "newcomer.py").write_text(
            '"""New."""\n\nimport torch\n\nX = torch.pi\n'
        )
    assert copy.planned() == {}


def test_a_partial_pull_asks_only_for_what_it_needs(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    shutil.rmtree(copy.folder / "data" / "prepared")
    shutil.rmtree(copy.folder / ".keep")
    shutil.rmtree(copy.folder / "reports")
    assert copy.planned() == {"report": 1}


def test_what_is_removed_is_made_anew_with_all_that_follows(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    listed = copy.run("selfsup", "remove", "rotation", "weights", "--suite", "smoke").stdout
    assert "would remove data/weights/rotation-" in listed
    assert copy.planned() == {}
    copy.run("selfsup", "remove", "rotation", "weights", "--suite", "smoke", "--apply")
    assert copy.planned() == {**BRANCH, "features": 2}


def test_forcing_is_refused_with_the_way_to_do_it(smoke: Clone):
    done = smoke.snakemake("-n", "-F", check=False)
    assert done.returncode == 1
    assert "selfsup remove" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


SMALL = """
title: small
summary: two runs
device: cpu
precision: float32
threads: 1
groups:
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs:
      - {method: random, name: random, set: {batch_size: 64}}
      - {method: rotation, name: rotation, set: {epochs: 12}}
    targets:
      - data: scenes-tiny
        evaluations: [linear_probe]
"""


def small(folder: Path) -> Clone:
    made = clone(folder)
    (made.folder / "params" / "suites" / "small.yaml").write_text(SMALL)
    return made


def test_two_folders_and_a_kill_give_the_same_bytes(tmp_path: Path):
    whole, killed = small(tmp_path / "whole"), small(tmp_path / "killed")
    whole.snakemake(suite="small")
    process = subprocess.Popen(
        ["snakemake", "--cores", "1", "--config", "suite=small"],
        cwd=killed.folder,
        env=killed.environment(SELFSUP_CHECKPOINT_EVERY_S="0.2"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    checkpoint = _wait_for(killed.folder / "data" / ".partial", "*rotation*.checkpoint", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert checkpoint.exists()
    done_before = {f: f.stat().st_mtime_ns for f in (killed.folder / "data").glob("*/*/**/spec.json")}
    killed.run("snakemake", "--unlock", "--config", "suite=small")
    resumed = killed.snakemake(suite="small")
    assert "resumed at step" in resumed.stdout + resumed.stderr
    assert all(f.stat().st_mtime_ns == seen for f, seen in done_before.items())
    assert killed.bytes() == whole.bytes()


def _wait_for(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> Path:
    for _ in range(3000):
        if found := [f for f in folder.glob(pattern) if f.is_file()]:
            return found[0]
        assert process.poll() is None, "ended before its first checkpoint"
        time.sleep(0.02)
    raise AssertionError("no checkpoint within a minute")
