"""What a job makes of an error that it did not expect."""

import errno

import pytest

from selfsup.errors import InputError
from selfsup.pipeline.jobs import damage_named
from selfsup.store.artefact import Artefact

PREPARED = Artefact("prepared", "folder", {}, (), {})
RUN = Artefact("weights", "toy", {}, (), {"prepared": PREPARED}, 0)


@pytest.mark.parametrize("error", [OSError("truncated file"), FileNotFoundError(errno.ENOENT, "gone", "train.h5")])
def test_a_damaged_parent_is_named_with_the_way_out(error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(InputError, match=rf"{PREPARED.folder} is damaged .*rm -r {PREPARED.folder} .keep/"),
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
