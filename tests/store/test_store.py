"""The store: artefacts are complete or absent, archived and restored, and locked while they are built."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from selfsup.store import disk
from selfsup.store.artefact import Artefact


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def artefact(**params):
    return Artefact("weights", "toy", params, (), {}, 0)


def write(scratch: Path) -> None:
    (scratch / "encoder.bin").write_bytes(b"weights")


def test_the_path_follows_from_parameters_and_parents_alone():
    parent = Artefact("prepared", "scenes", {"n": 1}, (), {})
    other = Artefact("prepared", "scenes", {"n": 2}, (), {})
    base = Artefact("weights", "toy", {"a": 1}, (), {"prepared": parent}, 0)
    assert base.digest == Artefact("weights", "toy", {"a": 1}, (), {"prepared": parent}, 7).digest
    assert base.folder != Artefact("weights", "toy", {"a": 1}, (), {"prepared": parent}, 7).folder
    assert base.digest != Artefact("weights", "toy", {"a": 2}, (), {"prepared": parent}, 0).digest
    assert base.digest != Artefact("weights", "toy", {"a": 1}, (), {"prepared": other}, 0).digest


def test_kind_name_and_seed_of_a_folder_are_compared_without_a_digest():
    weights, prepared = artefact(), Artefact("prepared", "scenes", {}, (), {})
    assert weights.could_match(weights.folder)
    assert weights.could_match(artefact(a=1).folder)
    assert prepared.could_match(prepared.folder)
    others = [Artefact("weights", "toy", {}, (), {}, 1), Artefact("weights", "other", {}, (), {}, 0), prepared]
    assert not any(weights.could_match(other.folder) for other in [*others, Artefact("features", "toy", {}, (), {}, 0)])


def test_a_failed_job_leaves_no_output():
    def fail(scratch: Path) -> None:
        (scratch / "encoder.bin").write_bytes(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        disk.build(artefact(), fail)
    assert not artefact().folder.exists()
    disk.build(artefact(), write)
    assert sorted(f.name for f in artefact().folder.iterdir()) == ["encoder.bin", "spec.json"]
    assert list(disk.PARTIAL.iterdir()) == []


def test_an_existing_artefact_is_not_built_again():
    disk.build(artefact(), write)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))


def test_a_removed_artefact_is_restored_from_the_archive():
    disk.build(artefact(), write)
    disk.remove(artefact().folder)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))
    assert (artefact().folder / "encoder.bin").read_bytes() == b"weights"


def test_a_checkpoint_survives_a_restart():
    checkpoint = disk.partial(artefact().folder, ".checkpoint")
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"state")
    with pytest.raises(RuntimeError):
        disk.build(artefact(), lambda scratch: (_ for _ in ()).throw(RuntimeError()))
    assert checkpoint.read_bytes() == b"state"


def _hold(folder: str) -> None:
    with disk.locked(Path(folder)):
        Path("held").touch()
        time.sleep(30)


def test_a_killed_job_releases_its_lock():
    process = multiprocessing.get_context("fork").Process(target=_hold, args=("data/weights/x/s0",))
    process.start()
    while not Path("held").exists():
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with disk.locked(Path("data/weights/x/s0")):
        pass


def _slow_build(path: str) -> None:
    def make(scratch: Path) -> None:
        Path("started").touch()
        time.sleep(0.3)
        write(scratch)

    disk.build(artefact(), make)


def test_a_second_process_waits_and_uses_the_result_of_the_first():
    process = multiprocessing.get_context("fork").Process(target=_slow_build, args=("",))
    process.start()
    while not Path("started").exists():
        time.sleep(0.01)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))
    process.join()
    assert artefact().exists()
