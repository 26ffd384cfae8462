"""Commands that run at once in one folder: each waits, is refused in one sentence, or ends right."""

import subprocess
from pathlib import Path

import pytest

from selfsup.store.verify import everything, verify
from tests.clones import Clone
from tests.pipeline.test_kills import fresh

pytestmark = [
    pytest.mark.slow,
    pytest.mark.counts("commands that run at once", "each waits, is refused, or ends right"),
]
CONFIG = ("--config", "suite=killed")


def start(project: Clone, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=600)[0]


def is_whole(project: Clone, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.chdir(project.folder)
    return bool(everything()) and not list(verify(everything()))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return fresh(tmp_path_factory.mktemp("at-once") / "project")


def test_a_second_pipeline_is_refused_and_the_first_ends(project: Clone, monkeypatch: pytest.MonkeyPatch):
    both = [start(project, "snakemake", "--cores", "1", *CONFIG) for _ in range(2)]
    texts = [output(process) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 1]), texts
    assert not any("Traceback" in text for text in texts), texts
    assert codes == [0, 0] or any("cannot be locked" in text for text in texts)
    assert is_whole(project, monkeypatch)


def test_garbage_is_collected_while_a_pipeline_runs(project: Clone, monkeypatch: pytest.MonkeyPatch):
    expected = project.bytes()
    project.run("selfsup", "remove", "rotation", "weights", "--suite", "killed", "--apply")
    pipeline = start(project, "snakemake", "--cores", "1", *CONFIG)
    collected = []
    while pipeline.poll() is None:
        collected.append(project.run("selfsup", "gc", "--apply", check=False))
    assert pipeline.returncode == 0, output(pipeline)
    assert {done.returncode for done in collected} == {0}, [done.stderr for done in collected]
    assert project.bytes() == expected
    assert is_whole(project, monkeypatch)


def test_two_that_make_the_same_artefact_make_it_once(project: Clone, monkeypatch: pytest.MonkeyPatch):
    folder = project.run("selfsup", "where", "rotation", "weights", "--suite", "killed").stdout.strip()
    before = project.bytes()
    project.run("selfsup", "remove", "rotation", "weights", "--suite", "killed", "--apply")
    both = [start(project, "selfsup", "pretrain", folder, "--suite", "killed") for _ in range(2)]
    texts = [output(process) for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    project.snakemake("--cores", "1", suite="killed")
    assert project.bytes() == before
    assert is_whole(project, monkeypatch)


def test_two_registrations_at_once_leave_one_whole_lock(project: Clone, tmp_path: Path):
    from PIL import Image

    for number in range(40):
        file = tmp_path / "mine" / f"class{number % 4}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), (number, 2 * number, 3)).save(file)
    environment = project.environment(SELFSUP_DATA_ROOT=str(tmp_path))
    command = ["selfsup", "register", "mine", "--dataset", "folder"]
    both = [
        subprocess.Popen(command, cwd=project.folder, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0, 0], errors
    lock = project.folder / "params" / "data" / "mine.lock"
    text = lock.read_text()
    lock.unlink()
    subprocess.run(command, cwd=project.folder, env=environment, check=True)
    assert lock.read_text() == text
