"""The store: all or nothing, kept aside and found again, locked while building."""

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


def test_a_folder_may_be_an_artefacts_by_all_but_its_digest():
    own, whole = artefact(), Artefact("prepared", "scenes", {}, (), {})
    assert own.could_match(own.folder)
    assert own.could_match(artefact(a=1).folder)
    assert whole.could_match(whole.folder)
    others = [Artefact("weights", "toy", {}, (), {}, 1), Artefact("weights", "other", {}, (), {}, 0), whole]
    assert not any(own.could_match(other.folder) for other in [*others, Artefact("features", "toy", {}, (), {}, 0)])


def test_a_failed_job_leaves_nothing_declared():
    def fail(scratch: Path) -> None:
        (scratch / "encoder.bin").write_bytes(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        disk.build(artefact(), fail)
    assert not artefact().folder.exists()
    disk.build(artefact(), write)
    assert sorted(f.name for f in artefact().folder.iterdir()) == ["encoder.bin", "spec.json"]
    assert list(disk.PARTIAL.iterdir()) == []


def test_what_exists_is_not_built_again():
    disk.build(artefact(), write)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))


def test_the_keep_gives_back_what_the_store_lost():
    disk.build(artefact(), write)
    disk.remove(artefact().folder)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))
    assert (artefact().folder / "encoder.bin").read_bytes() == b"weights"


def test_a_checkpoint_survives_a_restart():
    place = disk.partial(artefact().folder, ".checkpoint")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"state")
    with pytest.raises(RuntimeError):
        disk.build(artefact(), lambda scratch: (_ for _ in ()).throw(RuntimeError()))
    assert place.read_bytes() == b"state"


def _hold(folder: str) -> None:
    with disk.locked(Path(folder)):
        Path("held").touch()
        time.sleep(30)


def test_the_lock_of_a_killed_job_is_free():
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


def test_a_second_builder_waits_and_takes_the_first_ones_result():
    process = multiprocessing.get_context("fork").Process(target=_slow_build, args=("",))
    process.start()
    while not Path("started").exists():
        time.sleep(0.01)
    disk.build(artefact(), lambda scratch: pytest.fail("built twice"))
    process.join()
    assert artefact().exists()
