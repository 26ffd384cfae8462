"""The untrained encoder: seeded, calibrated, and without side effects."""

import pytest
import torch
from torch import nn

from selfsup.evaluations.baselines.untrained import untrained_encoder
from selfsup.nn.encoder import digest


@pytest.fixture
def images():
    return torch.randint(40, 90, (60, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_the_seed_decides_and_the_global_generator_is_untouched(images, inputs, write_run):
    write_run()
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    one, same, other = (untrained_encoder(inputs.weights, images, seed, 20) for seed in (0, 0, 1))
    assert torch.rand(1) == expected
    assert digest(one) == digest(same) != digest(other)


def test_batch_norm_normalises_these_images(images, inputs, write_run):
    write_run()
    encoder = untrained_encoder(inputs.weights, images, 0, 20)
    assert not encoder.training
    outputs = {}
    for name, part in encoder.named_modules():
        if isinstance(part, nn.BatchNorm2d):
            part.register_forward_hook(lambda _, __, out, name=name: outputs.update({name: out}))
            assert part.momentum == 0.1
    with torch.no_grad():
        encoder(images)
    assert len(outputs) == 4
    for out in outputs.values():
        assert out.mean((0, 2, 3)).abs().max() < 0.1
        assert (out.std((0, 2, 3)) - 1).abs().max() < 0.15
