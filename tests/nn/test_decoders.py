"""Decoders and the discriminator: the shapes of their outputs, and which positions these depend on."""

import pytest
import torch
from torch.nn import functional as F

from selfsup.nn.decoders import ChannelwiseFullyConnected, discriminator, full_resolution, map_decoder, up_convolutions


@pytest.mark.parametrize(
    ("side_px", "size_px", "output_px"), [(2, 32, 32), (4, 32, 32), (3, 48, 48), (3, 40, 48), (4, 4, 8)]
)
def test_decoder_reaches_the_size(side_px, size_px, output_px):
    decoder = up_convolutions(6, side_px, size_px, 5)
    images = decoder(30 * torch.randn(2, 6, side_px, side_px))
    assert images.shape == (2, 3, output_px, output_px)
    assert images.abs().max() <= 1


def test_decoder_halves_its_channels_down_to_the_width():
    weights = [p for p in up_convolutions(96, 2, 32, 5).parameters() if p.ndim == 4]
    assert [tuple(w.shape[:2]) for w in weights] == [(96, 20), (20, 10), (10, 5), (5, 3)]


@pytest.mark.parametrize("size_px", [4, 20, 32, 33])
def test_the_discriminator_returns_one_logit_per_image(size_px):
    network = discriminator(size_px, 3)
    images = torch.randn(5, 3, size_px, size_px, requires_grad=True)
    logits = network.eval()(images)
    assert logits.shape == (5, 1)
    (gradient,) = torch.autograd.grad(logits[1].sum(), images)
    assert gradient[1].abs().max() > 0
    assert gradient[[0, 2, 3, 4]].abs().max() == 0


def test_a_position_of_the_decoded_map_depends_on_one_position():
    torch.manual_seed(0)
    decoder = map_decoder(6, 5, width=8, upsampling=4).eval()
    maps = torch.randn(2, 6, 2, 3, requires_grad=True)
    answer = decoder(maps)
    assert answer.shape == (2, 5, 8, 12)
    answer[1, :, 4:, 8:].sum().backward()
    depends = maps.grad.abs().sum(1) > 0
    assert depends.nonzero().tolist() == [[1, 1, 2]]


def test_positions_decoded_from_one_position_differ():
    torch.manual_seed(0)
    answer = map_decoder(6, 5, width=8, upsampling=4).eval()(torch.randn(1, 6, 1, 1))
    assert len(answer[0].flatten(1).T.unique(dim=0)) == 16


def test_full_resolution_is_a_linear_layer_and_upsampling_in_either_order():
    torch.manual_seed(0)
    descriptor, maps = full_resolution(6, 3, stride=4), torch.randn(2, 6, 5, 4)
    upsampled_last = descriptor(maps)
    assert upsampled_last.shape == (2, 3, 20, 16)
    upsampled_first = F.interpolate(maps, scale_factor=4, mode="bilinear", align_corners=False)
    assert torch.allclose(upsampled_last, descriptor[0](upsampled_first), atol=1e-5)


def test_the_channelwise_layer_equals_its_sum():
    torch.manual_seed(0)
    layer, x = ChannelwiseFullyConnected(3, 2), torch.randn(2, 3, 2, 2)
    output = layer(x)
    for n in range(2):
        for c in range(3):
            for q in range(4):
                expected = sum(x[n, c].flatten()[p] * layer.weight[c, p, q] for p in range(4))
                torch.testing.assert_close(output[n, c, q // 2, q % 2], expected)


def test_the_channelwise_layer_has_the_papers_number_of_weights_and_mixes_no_channels():
    layer = ChannelwiseFullyConnected(5, 3)
    assert sum(p.numel() for p in layer.parameters()) == 5 * 3**4
    x = torch.randn(1, 5, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[:, 2].sum(), x)
    assert (gradient[:, 2] != 0).all()
    assert gradient.abs().sum() == gradient[:, 2].abs().sum()
