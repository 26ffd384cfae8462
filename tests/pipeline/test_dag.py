"""The DAG of the smoke suite, which changes make a job run, and a clone that pulls its results."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.clones import Clone, clone, write_suite

pytestmark = pytest.mark.slow

BRANCH = {"pretrain": 1, "features": 1, "evaluate": 1, "report": 1}


def test_the_report_is_complete(smoke: Clone):
    folder = smoke.folder / "reports" / "smoke"
    for name in ("index.html", "report.pdf", "results.csv", "metrics.json", "manifest.json"):
        assert (folder / name).stat().st_size > 0
    header, *rows = (folder / "results.csv").read_text().splitlines()
    assert header.startswith("suite,method,variant,encoder,pretrain_set,seed,evaluation")
    assert len(rows) > 50
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "index.html" in manifest["files"]


def test_nothing_is_left_to_do_or_unfinished(smoke: Clone):
    assert smoke.planned() == {}
    partial = smoke.folder / "data" / ".partial"
    assert not partial.exists() or list(partial.iterdir()) == []


def test_the_commands_of_the_methods_pages_are_those_that_ran(smoke: Clone):
    pages = [file.read_text(encoding="utf-8") for file in (smoke.folder / "docs" / "methods").glob("*.md")]
    targets = {target for page in pages for target in re.findall(r"`snakemake\s+(pretrain_\w+)` trains it", page)}
    known = set(smoke.snakemake("--list-rules").stdout.split())
    assert len(targets & known) > 15
    assert targets - known <= {"pretrain_supervised_content"}  # of quick alone
    done = smoke.snakemake("--dry-run", *sorted(targets & known))
    assert "Nothing to be done" in done.stdout + done.stderr


def test_snakemakes_own_report_holds_the_page_the_tables_and_the_figures(smoke: Clone, tmp_path: Path):
    smoke.run("snakemake", "--config", "suite=smoke", "--report", str(tmp_path / "workflow.html"))
    text = (tmp_path / "workflow.html").read_text(encoding="utf-8")
    folder = smoke.folder / "reports" / "smoke"
    figures, tables = list((folder / "figures").glob("*.svg")), list((folder / "tables").glob("*.csv"))
    assert len(figures) > 10
    assert len(tables) > 10
    assert all(f'"name": "{file.name}"' in text for file in [folder / "index.html", *figures, *tables])
    captions = {
        "page": "The report of suite <tt",
        "figure": "<p>Figure <tt",
        "table": "<p>Table <tt",
        "workflow": "suite <tt",
    }
    assert [part for part, caption in captions.items() if caption not in text] == []
    assert smoke.planned() == {}


def test_snakemakes_own_report_of_none_says_what_to_run(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    (copy.folder / "reports" / "smoke" / "index.html").unlink()
    done = copy.snakemake("--report", str(tmp_path / "workflow.html"), check=False)
    assert done.returncode
    assert "selfsup: reports/smoke is missing or out of date; run `snakemake --config suite=smoke`" in done.stderr
    assert not (tmp_path / "workflow.html").exists()


def test_timestamps_are_ignored(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    for number, file in enumerate(sorted((copy.folder / "data").rglob("spec.json"), reverse=True)):
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content)
        os.utime(file, (1_000_000 + number, 1_000_000 + number))
    assert copy.planned() == {}


def test_a_recipe_key_remakes_one_branch_and_its_old_value_none(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/methods/rotation.yaml", "weight_decay: 1.0e-4", "weight_decay: 2.0e-4")
    assert copy.planned() == {**BRANCH, "features": 3}  # one of each target that it is scored on
    copy.edit("params/methods/rotation.yaml", "weight_decay: 2.0e-4", "weight_decay: 1.0e-4")
    assert copy.planned() == {}


def test_a_protocol_key_remakes_no_run(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/evaluations/knn.yaml", "k: 200", "k: 100")
    groups = yaml.safe_load((copy.folder / "params/suites/smoke.yaml").read_text())["groups"]
    asking = sum(len(group["runs"]) for group in groups if "knn" in group["targets"][0]["evaluations"])
    assert copy.planned() == {"evaluate": asking, "report": 1}


def test_a_key_of_a_table_remakes_it_and_its_branch(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit("params/methods/jigsaw.yaml", "seed: 0}", "seed: 1}")
    assert copy.planned() == {"table": 1, **BRANCH}


def test_a_suites_change_of_an_experiment_remakes_it(smoke: Clone, tmp_path: Path):
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
def test_only_reached_code_counts(
    smoke: Clone, tmp_path: Path, path: str, old: str, new: str, expected: dict[str, int]
):
    copy = smoke.copy(tmp_path / "copy")
    copy.edit(path, old, new)
    assert copy.planned() == expected


def test_a_new_file_remakes_nothing(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    for place in ("methods", "losses", "evaluations", "views", "nn/backbones"):
        (copy.folder / "src" / "selfsup" / place / "newcomer.py").write_text(
            '"""New."""\n\nimport torch\n\nX = torch.pi\n'
        )
    assert copy.planned() == {}


def test_a_partial_pull_makes_only_what_it_needs(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    for folder in ("data/features", ".archive", "reports"):
        shutil.rmtree(copy.folder / folder)
    assert copy.planned() == {"report": 1}
    shutil.rmtree(copy.folder / "data/prepared")
    groups = yaml.safe_load((copy.folder / "params/suites/smoke.yaml").read_text())["groups"]
    assert copy.planned() == {"prepare": len({group["data"] for group in groups}), "report": 1}


def test_a_removed_artefact_is_remade_with_all_that_is_made_from_it(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "copy")
    listed = copy.run("selfsup", "remove", "rotation", "weights", "--suite", "smoke").stdout
    assert "would remove data/weights/rotation-" in listed
    assert copy.planned() == {}
    copy.run("selfsup", "remove", "rotation", "weights", "--suite", "smoke", "--apply")
    assert copy.planned() == {**BRANCH, "features": 3}


def test_forcing_is_refused_with_the_command_to_use(smoke: Clone):
    done = smoke.snakemake("-n", "-F", check=False)
    assert done.returncode == 1
    assert "selfsup remove" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


SMALL = """
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs:
      - {method: random, name: random, set: {batch_size: 64}}
      - {method: rotation, name: rotation, set: {epochs: 4}}
    targets:
      - data: scenes-tiny
        evaluations: [linear_probe]
"""


def small(folder: Path) -> Clone:
    made = clone(folder)
    write_suite(made.folder, "small", SMALL)
    return made


def test_two_folders_and_a_kill_give_the_same_bytes(tmp_path: Path):
    complete, killed = small(tmp_path / "complete"), small(tmp_path / "killed")
    complete.snakemake(suite="small")
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
    assert all(f.stat().st_mtime_ns == time_ns for f, time_ns in done_before.items())
    assert killed.bytes() == complete.bytes()


SEEDS = """
  - name: two
    data: scenes-tiny
    seeds: [0, 1]
    runs: [random, hog]
    targets: [{data: scenes-tiny, evaluations: [knn]}]
  - name: three
    data: scenes-tiny
    seeds: [0, 1, 2]
    runs: [{method: simclr, name: simclr, set: {epochs: 1}}]
    targets: [{data: scenes-tiny, evaluations: [knn]}]
"""


def test_one_job_makes_all_seeds_as_processes_of_their_own_would(tmp_path: Path):
    made = clone(tmp_path)
    write_suite(made.folder, "seeds", SEEDS)
    assert made.planned("seeds") == {
        **{"prepare": 1, "pretrain": 2, "features": 2, "evaluate": 2, "report": 1},
        **{f"{stage}_0_1_2": 1 for stage in ("pretrain", "features", "evaluate")},
    }
    made.snakemake(suite="seeds")
    assert made.planned("seeds") == {}
    together = made.bytes()
    for stage, kind in (("pretrain", "weights"), ("features", "features"), ("evaluate", "results")):
        where = ["selfsup", "where", "simclr", kind, "--seed", "1", "--suite", "seeds"]
        folder = made.run(*where).stdout.strip()
        remove(made, folder)
        made.run("selfsup", stage, folder, "--suite", "seeds")
    assert made.bytes() == together
    remove(made, folder)
    (made.folder / "reports" / "seeds" / "manifest.json").unlink()
    kept = {f: f.stat().st_ino for f in (made.folder / "data").rglob("spec.json")}
    made.snakemake(suite="seeds")
    assert made.bytes() == together
    assert all(f.stat().st_ino == inode for f, inode in kept.items())


def remove(made: Clone, folder: str) -> None:
    for place in (made.folder, made.folder / ".archive"):
        shutil.rmtree(place / folder)


def test_a_clone_and_a_dvc_pull_leave_nothing_to_do_and_back_is_free(smoke: Clone, tmp_path: Path):
    copy = smoke.copy(tmp_path / "first")
    copy.edit("params/run.yaml", "suite: quick", "suite: smoke")
    copy.begin()
    copy.run("dvc", "remote", "add", "--quiet", "--default", "store", str(tmp_path / "remote"))
    copy.commit()
    (copy.folder / "reports" / "smoke" / "manifest.json").unlink()  # it was published outside of git
    assert "images/s" not in (done := copy.run("dvc", "repro")).stdout + done.stderr
    copy.commit()
    copy.run("dvc", "push", "--quiet")

    subprocess.run(["git", "clone", "--quiet", str(copy.folder), str(tmp_path / "second")], check=True)
    second = Clone(tmp_path / "second")
    second.run("dvc", "pull", "--quiet")
    assert second.planned() == {}
    assert {k: v for k, v in second.bytes().items() if "/.partial/" not in k} == copy.bytes()

    second.edit("params/methods/random.yaml", "batch_size: 128", "batch_size: 128  # a comment")
    second.edit("params/evaluations/retrieval.yaml", "ranks: [1, 5, 10]", "ranks: [1, 5]")
    second.run("dvc", "repro")
    second.run("git", "checkout", "--quiet", "params")
    done = second.run("dvc", "repro")
    assert "images/s" not in done.stdout + done.stderr
    assert second.run("git", "status", "--porcelain").stdout == ""


def _wait_for(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> Path:
    for _ in range(30_000):
        if found := [f for f in folder.glob(pattern) if f.is_file()]:
            return found[0]
        assert process.poll() is None, "ended before its first checkpoint"
        time.sleep(0.02)
    raise AssertionError("no checkpoint within ten minutes")


def test_jobs_run_the_sources_beside_the_snakefile(smoke: Clone, tmp_path: Path):
    """Where another copy is installed, as in a temporary folder of DVC's, planning and jobs still read one tree."""
    copy = smoke.copy(tmp_path / "copy")
    write_suite(
        copy.folder,
        "few",
        """
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs: [{method: random, name: random, set: {batch_size: 64}}]
    targets: [{data: scenes-tiny, evaluations: [knn]}]
""",
    )
    copy.edit("src/selfsup/evaluations/knn.py", "DECIMALS = 10", "DECIMALS = 9")
    copy.run("snakemake", "--config", "suite=few", PYTHONPATH="")
    assert (copy.folder / "reports" / "few" / "manifest.json").exists()
