"""The waveform encoder: how many samples make a frame, and that nothing knows the future."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.nn.encoder import build

SMALL = {
    "input": "waveform",
    "backbone": "wave_conv",
    "widths": [4, 5, 6],
    "filters": [10, 8, 4],
    "strides": [5, 4, 4],
    "context_width": 7,
}
PAPER = {**SMALL, "widths": [4] * 5, "filters": [10, 8, 4, 4, 4], "strides": [5, 4, 2, 2, 2]}


def made(description=SMALL, **changes):
    torch.manual_seed(0)
    return build({**description, **changes})


@pytest.mark.parametrize(("description", "samples"), [(SMALL, 80), (PAPER, 160)])
def test_a_frame_is_the_product_of_the_strides(description, samples):
    encoder = made(description)
    maps = encoder.maps(torch.randn(2, 20 * samples))
    assert list(maps) == list(encoder.layers)
    assert maps["context"].shape == (2, 7, 20)
    latent = list(maps.values())[-2]
    assert latent.shape[2] == 20
    assert maps["conv1"].shape == (2, 4, 4 * samples)


def test_a_rest_makes_one_frame_more():
    assert made().maps(torch.randn(1, 801))["context"].shape[2] == 11


def test_the_feature_is_the_mean_of_the_contexts():
    encoder = made().eval()
    x = torch.randn(3, 800)
    assert torch.equal(encoder(x), encoder.maps(x)["context"].mean(2))


def test_int16_is_heard_as_its_share_of_full_scale():
    encoder = made().eval()
    x = torch.randint(-20000, 20000, (2, 800), dtype=torch.int16)
    assert torch.equal(encoder(x), encoder(x.float() / 32768))


@pytest.mark.parametrize("layer", ["conv1", "conv2", "conv3", "context"])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.9])
def test_no_place_knows_a_later_sample_exactly(layer, share):
    """The gradient to all samples after a place's own stride is exactly zero, to those just before it is not."""
    encoder = made().eval()
    x = torch.randn(2, 1600, requires_grad=True)
    found = encoder.maps(x)[layer]
    t = int(share * found.shape[2])
    (gradient,) = torch.autograd.grad(found[:, :, t].square().sum(), x)
    end = (t + 1) * 1600 // found.shape[2]
    assert torch.equal(gradient[:, end:], torch.zeros_like(gradient[:, end:]))
    assert gradient[:, :end].abs().sum() > 0


def test_another_future_leaves_every_context_before_it_alone():
    encoder = made().eval()
    x = torch.randn(2, 1600)
    other = torch.cat([x[:, :800], torch.randn(2, 800)], 1)
    before, after = encoder.maps(x)["context"], encoder.maps(other)["context"]
    assert torch.equal(before[:, :, :10], after[:, :, :10])
    assert not torch.equal(before[:, :, 10:], after[:, :, 10:])


def test_the_context_remembers_the_first_samples():
    encoder = made().eval()
    x = torch.randn(1, 1600, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder.maps(x)["context"][:, :, -1].sum(), x)
    assert gradient[0, :80].abs().sum() > 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"strides": [5, 4]}, "different lengths"),
        ({"filters": [10, 3, 4]}, "encoder.filters has 3, less than its stride"),
    ],
)
def test_an_impossible_description_is_refused(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        made(**changes)
