"""A pipeline that is killed again and again, and resumed by the documented commands, ends with the bytes of one that was not.

`pytest tests/pipeline/test_kills.py --kills=200` for more of them; the moments, signals and victims follow from one seed.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.clones import Clone, clone, write_suite

pytestmark = pytest.mark.slow

GROUPS = """
  - name: scenes
    data: scenes-tiny
    seeds: [0]
    runs:
      - hog
      - {method: rotation, name: rotation, set: {epochs: 1}}
      - {method: colorization, name: colorization, set: {epochs: 1}}
    targets: [{data: scenes-tiny, evaluations: [knn, pretext]}]
"""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
VICTIMS = ("the group", "Snakemake", "a job")
ENDS_WITHIN_S = 300


def fresh(folder: Path) -> Clone:
    made = clone(folder)
    write_suite(made.folder, "killed", GROUPS)
    return made


def started(project: Clone) -> subprocess.Popen[bytes]:
    """Run the commands that the README names for a pipeline that was interrupted."""
    project.snakemake("--unlock", "--quiet", "all", suite="killed")
    return subprocess.Popen(
        ["snakemake", "--cores", "2", "--config", "suite=killed"],
        cwd=project.folder,
        env=project.environment(SELFSUP_CHECKPOINT_EVERY_S="0.1"),
        stdout=subprocess.DEVNULL,
        stderr=(project.folder.parent / "stderr").open("wb"),
        start_new_session=True,
    )


def inside(folder: Path) -> list[int]:
    """Return the processes whose working directory is a folder: those of a pipeline, also where they left its group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
    return sorted(found)


def kill(process: subprocess.Popen[bytes], victim: str, number: signal.Signals, project: Clone, choice: random.Random):
    jobs = [pid for pid in inside(project.folder) if pid != process.pid]
    with contextlib.suppress(ProcessLookupError):
        if victim == "the group":
            os.killpg(process.pid, number)
        else:
            os.kill(choice.choice(jobs) if victim == "a job" and jobs else process.pid, number)


def waited(process: subprocess.Popen[bytes], project: Clone) -> bool:
    """Wait for a pipeline to end; return False, and end all of it, where it hangs."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN_S)
        return True
    for pid in inside(project.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return False


@pytest.mark.counts("kills of a pipeline, resumed by the documented commands", "the bytes of an uninterrupted one")
def test_it_ends_with_the_same_bytes(tmp_path, request, record_property):
    kills, choice, broken = request.config.getoption("--kills"), random.Random(0), []
    whole = fresh(tmp_path / "whole" / "project")
    begun_s = time.monotonic()
    whole.snakemake(suite="killed")
    usual_s, expected = time.monotonic() - begun_s, whole.bytes()
    project, done = fresh(tmp_path / "killed" / "project"), 0
    ended = False
    while done < kills or not ended:
        process = started(project)
        try:
            process.wait(choice.uniform(0.0, usual_s / 2) if done < kills else ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            victim, number = choice.choice(VICTIMS), choice.choice(SIGNALS)
            kill(process, victim, number, project, choice)
            done += 1
            broken += [] if waited(process, project) else [f"hangs after {number.name} to {victim}"]
        else:  # it ended by itself
            assert process.returncode == 0, (tmp_path / "killed" / "stderr").read_text()[-3000:]
        ended = process.returncode == 0
        if ended:
            broken += [] if project.bytes() == expected else ["other bytes"]
            shutil.rmtree(project.folder)
            project = fresh(project.folder)
    record_property("tried", done)
    record_property("broken", len(broken))
    assert not broken
