"""A checkpoint that is damaged, or of another run, is deleted and said, and the run starts anew."""

import shutil

import pytest
import torch

from selfsup.errors import InputError
from selfsup.training.checkpoint import Checkpoint
from tests.training.test_training import contents, prepared, train  # noqa: F401  (a fixture)

STATE = {"method": {"w": torch.arange(100.0)}, "step": 3}


@pytest.fixture
def saved(tmp_path):
    Checkpoint(tmp_path / "a.checkpoint").save(STATE)
    return tmp_path / "a.checkpoint"


def test_what_was_saved_is_loaded(saved):
    state = Checkpoint(saved).load()
    assert torch.equal(state["method"]["w"], STATE["method"]["w"])
    assert state["step"] == 3


@pytest.mark.counts("checkpoints that are damaged", "the run starts anew, and says so")
def test_every_flipped_byte_and_every_length_is_found(saved, record_property):
    content = saved.read_bytes()
    damaged = [content[:n] for n in range(0, len(content), 41)]
    damaged += [content[:n] + bytes([content[n] ^ 1]) + content[n + 1 :] for n in range(0, len(content), 13)]
    record_property("tried", len(damaged))
    for wrong in damaged:
        saved.write_bytes(wrong)
        checkpoint = Checkpoint(saved)
        assert checkpoint.load() is None
        assert checkpoint.was_damaged
        assert not saved.exists()


def test_that_of_another_run_is_not_taken(saved):
    other = saved.with_name("b.checkpoint")
    shutil.copy(saved, other)
    assert Checkpoint(other).load() is None


def test_a_run_with_a_damaged_one_equals_one_without(tmp_path, prepared, capsys):  # noqa: F811
    whole = train(tmp_path / "whole", prepared)
    checkpoint = tmp_path / "a.checkpoint"
    train(tmp_path / "stopped", prepared, checkpoint=checkpoint, stop_after=3)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-7])
    assert contents(train(tmp_path / "resumed", prepared, checkpoint=checkpoint)) == contents(whole)
    assert "its checkpoint was damaged and is deleted: the run starts anew" in capsys.readouterr().err


def test_an_interval_that_is_no_number_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFSUP_CHECKPOINT_EVERY_S", "often")
    with pytest.raises(InputError, match="SELFSUP_CHECKPOINT_EVERY_S is 'often'; set it to a number of seconds"):
        Checkpoint(tmp_path / "a")
