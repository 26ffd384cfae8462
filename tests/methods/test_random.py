"""Random initialisation: no weight moves, and BatchNorm's statistics are those of the training images."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from selfsup.errors import InputError
from selfsup.nn.inputs import preprocess
from selfsup.seeds import generator
from selfsup.testing.trials import INFO, STEP, batch, batch_of, optimisers, step, views_of
from selfsup.training.source import MemorySource
from selfsup.training.untrained import measure_statistics
from tests.methods.recipes import build


@pytest.mark.parametrize("name", ["random", "random_depth", "random_video", "random_dense", "random_audio"])
def test_no_parameter_is_trained(name):
    method = build(name).train()
    before = [p.clone() for p in method.parameters()]
    assert method.objectives()["main"].parameters == {}
    for number in range(3):
        assert step(method, views_of(method, number), optimisers(method)) == 0
    assert all(map(torch.equal, method.parameters(), before))


def test_statistics_are_the_plain_average_over_all_batches():
    """Of the first layer by hand: mean over batches of each batch's mean and unbiased variance."""
    method, images = build("random"), batch(examples=15)["image"]
    measure_statistics(method, MemorySource({"image": images}), 0, 3)
    convolution, norm, _ = method.encoder.stages["conv1"]
    means, variances = [], []
    for index in torch.randperm(15, generator=generator(0, "order", 0)).split(3):
        with torch.no_grad():
            maps = convolution(preprocess(images[index], "rgb")).transpose(0, 1).flatten(1)
        means.append(maps.mean(1))
        variances.append(maps.var(1))
    torch.testing.assert_close(norm.running_mean, torch.stack(means).mean(0), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, torch.stack(variances).mean(0), rtol=1e-4, atol=1e-6)


def test_statistics_of_pairs_are_those_of_first_and_second_images():
    method = build("random_dense").train()
    views = views_of(method)
    sides = torch.cat([batch_of(method)[side] for side in ("first", "second")])
    assert torch.equal(views["image"], sides.float() / 255)
    method.loss(views, {}, STEP)
    assert method.encoder.stages["conv1"][1].num_batches_tracked == 1


def test_statistics_of_sound_are_those_of_waveforms():
    method = build("random_audio")
    views = views_of(method)
    measure_statistics(method, MemorySource({"waveform": batch_of(method)["waveform"]}), 0, len(views["waveform"]))
    norm = next(m for m in method.encoder.modules() if isinstance(m, nn.BatchNorm1d))
    seen = method.encoder.stages["conv1"].convolution(nn.functional.pad(views["waveform"][:, None], (5, 0)))
    torch.testing.assert_close(norm.running_mean, seen.mean((0, 2)), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, seen.var((0, 2)), rtol=1e-4, atol=1e-8)


def test_frames_and_depth_are_untouched():
    clips, depth = build("random_video"), build("random_depth")
    assert torch.equal(views_of(clips)["image"], batch_of(clips)["clip"].flatten(0, 1).float() / 255)
    assert torch.equal(views_of(depth)["image"], batch_of(depth)["image"].float() / 255)
    assert [panel.title for panel in depth.panels(views_of(depth))][1] == "Their depth, near is dark"


def test_an_image_that_upsampling_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"last map is 32 x 32 for images of 30 px; .* multiple of 8"):
        build("random_dense", info=replace(INFO, size_px=30))


def test_images_are_untouched():
    method = build("random")
    assert torch.equal(method.views(batch(), {})["image"], batch()["image"].float() / 255)
    assert method.pretext(method.views(batch(), {})) is None
