"""Errors of a job: damaged parents, full disks, and mistakes in the values of a protocol."""

import ctypes
import errno
import subprocess
import sys

import h5py
import pytest

from selfsup.errors import InputError
from selfsup.pipeline import jobs
from selfsup.pipeline.jobs import damage_named, make
from selfsup.progress import Progress
from selfsup.store.artefact import Artefact

PREPARED = Artefact("prepared", "folder", {}, (), {})
RUN = Artefact("weights", "toy", {}, (), {"prepared": PREPARED}, 0)


@pytest.mark.parametrize("error", [OSError("truncated file"), FileNotFoundError(errno.ENOENT, "gone", "train.h5")])
def test_a_damaged_parent_is_named_with_the_fix(error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(InputError, match=rf"{PREPARED.folder} is damaged .*rm -r {PREPARED.folder} .archive/"),
        damage_named(RUN),
    ):
        raise error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_is_no_damage(number):
    with pytest.raises(OSError, match="why") as caught, damage_named(RUN):
        raise OSError(number, "why", "a file")
    assert caught.value.errno == number


def test_a_users_missing_file_is_no_damage_of_the_store():
    with pytest.raises(FileNotFoundError), damage_named(PREPARED):
        raise FileNotFoundError(errno.ENOENT, "gone", "cat.png")


def test_a_mistake_in_a_protocol_names_the_protocols_own_file(tmp_path, monkeypatch):
    """Two protocols of one evaluation have two files, and the evaluation gets the name of neither."""
    monkeypatch.chdir(tmp_path)
    origin = "params/evaluations/few_labels_scratch_full.yaml"
    params = {
        **{"evaluation": "few_labels_scratch", "device": "cpu", "threads": 1},
        "arguments": {
            **{"learned_up_to": "conv3", "labels_per_class": [20, 100], "steps": [120], "batch_size": 32},
            **{"learning_rate": 0.01, "weight_decay": 0.05, "warmup_fraction": 0.1},
            **{"crop_scale_min": 0.75, "flip_probability": 0.5},
        },
    }
    measures = Artefact("measures", "toy-few_labels_scratch_full", params, (), {}, 0, origin)
    with pytest.raises(InputError, match=rf"^{origin}: key steps has 1 entries and labels_per_class 2"):
        make(measures, Progress("test"))


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("key pooling is median; use mean", "params/evaluations/knn.yaml: key pooling is median; use mean"),
        ("data/x/cat.png cannot be read; replace it", "data/x/cat.png cannot be read; replace it"),
    ],
)
def test_an_error_names_the_file_of_the_values_it_is_about(tmp_path, monkeypatch, sentence, message):
    monkeypatch.chdir(tmp_path)

    def fail(artefact, scratch, progress):
        raise InputError(sentence)

    monkeypatch.setitem(jobs.MAKERS, "measures", fail)
    measures = Artefact("measures", "toy-knn", {}, (), {}, 0, "params/evaluations/knn.yaml")
    with pytest.raises(InputError) as caught:
        jobs.make(measures, Progress("test"))
    assert str(caught.value) == message


HOLD = """
import sys, time, h5py
file = h5py.File(sys.argv[1], "r+")
print("held", flush=True)
time.sleep(60)
"""


def test_a_parent_that_another_program_writes_to_is_told_as_that(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "TRUE")
    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        file["image"] = [1, 2]
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            with (
                pytest.raises(
                    InputError, match=r"data/prepared/folder\S* cannot be locked .*; close it in other programs"
                ),
                damage_named(RUN),
                h5py.File(path, "r"),
            ):
                pass
        finally:
            holder.kill()


@pytest.mark.parametrize(
    "error", [OSError(37, "Unable to lock file: No locks available"), OSError("unable to lock file, errno = 37")]
)
def test_a_file_system_without_locks_is_no_damage(error):
    with pytest.raises(InputError, match="set HDF5_USE_FILE_LOCKING=FALSE"), damage_named(RUN):
        raise error


FAULTS = """
import resource
import torch
from selfsup.pipeline import jobs
{call}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(2**24)  # 64 MiB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc")
def test_a_job_gets_the_pages_of_its_tensors_once():
    counts = [
        int(subprocess.run([sys.executable, "-c", FAULTS.format(call=call)], capture_output=True, text=True).stdout)
        for call in ("", "jobs.keep_freed_memory()")
    ]
    assert counts[1] < counts[0] / 2
