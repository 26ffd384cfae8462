"""Fixed encoders of sound: calibrated without labels, otherwise as they were made."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from selfsup.errors import InputError
from selfsup.testing.examples import batch_of
from selfsup.testing.trials import views_of
from tests.methods.recipes import build, info_of


def test_an_untrained_network_has_its_batch_norm_calibrated_and_nothing_else_moved():
    method = build("random_audio").train()
    before = {name: value.clone() for name, value in method.named_parameters()}
    views = views_of(method)
    for _ in range(2):
        method.loss(views, {})
    assert all(torch.equal(value, before[name]) for name, value in method.named_parameters())
    norm = next(m for m in method.encoder.modules() if isinstance(m, nn.BatchNorm1d))
    seen = method.encoder.stages["conv1"].convolution(nn.functional.pad(views["waveform"][:, None], (5, 0)))
    torch.testing.assert_close(norm.running_mean, seen.mean((0, 2)), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, seen.var((0, 2)), rtol=1e-4, atol=1e-8)


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


def test_an_untrained_network_hears_any_rate():
    build("random_audio", info=replace(info_of("random_audio"), rate_hz=16000))
