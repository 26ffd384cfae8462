"""A fixed encoder of sound: heard as it is, at its own rate, and nothing of it moves."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.testing.examples import batch_of
from selfsup.testing.trials import views_of
from tests.methods.recipes import build, info_of


def test_waveforms_are_heard_whole():
    method = build("mfcc")
    batch = batch_of(method)
    assert torch.equal(views_of(method)["waveform"], batch["waveform"].float() / 32768)


def test_nothing_of_mfcc_can_move():
    (objective,) = build("mfcc").objectives().values()
    assert not objective.parameters


def test_another_rate_than_the_recipe_is_refused():
    with pytest.raises(InputError, match=r"encoder\.rate_hz is 8000, but the waveforms have 16000 Hz"):
        build("mfcc", info=replace(info_of("mfcc"), rate_hz=16000))
