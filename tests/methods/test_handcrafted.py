"""Encoders by formula: examples are as they are, sound at its own rate, nothing moves, and nothing passes the encoder."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.testing.trials import batch_of, views_of
from tests.methods.recipes import build, info_of, recipe


def test_waveforms_are_not_cut():
    method = build("mfcc")
    batch = batch_of(method)
    assert torch.equal(views_of(method)["waveform"], batch["waveform"].float() / 32768)


@pytest.mark.parametrize("name", ["mfcc", "pixels", "hog"])
def test_there_is_nothing_to_train_or_to_measure(name):
    method = build(name)
    (objective,) = method.objectives().values()
    assert not objective.parameters
    assert not method.state_dict()
    assert recipe(name)["epochs"] == 0


def test_images_are_untouched():
    assert torch.equal(views_of(build("hog"))["image"], batch_of(build("hog"))["image"].float() / 255)


def test_another_rate_than_the_recipe_is_refused():
    with pytest.raises(InputError, match=r"encoder\.rate_hz is 8000, but the waveforms have 16000 Hz"):
        build("mfcc", info=replace(info_of("mfcc"), rate_hz=16000))
