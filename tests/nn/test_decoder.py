"""Decoder and discriminator: what comes out for each size that goes in."""

import pytest
import torch

from selfsup.nn.decoder import up_convolutions
from selfsup.nn.discriminator import discriminator


@pytest.mark.parametrize(
    ("side_px", "size_px", "made_px"), [(2, 32, 32), (4, 32, 32), (3, 48, 48), (3, 40, 48), (4, 4, 8)]
)
def test_decoder_reaches_the_size(side_px, size_px, made_px):
    decoder = up_convolutions(6, side_px, size_px, 5)
    images = decoder(30 * torch.randn(2, 6, side_px, side_px))
    assert images.shape == (2, 3, made_px, made_px)
    assert images.abs().max() <= 1


def test_decoder_halves_its_channels_down_to_the_width():
    weights = [p for p in up_convolutions(96, 2, 32, 5).parameters() if p.ndim == 4]
    assert [tuple(w.shape[:2]) for w in weights] == [(96, 20), (20, 10), (10, 5), (5, 3)]


@pytest.mark.parametrize("size_px", [4, 20, 32, 33])
def test_discriminator_gives_a_logit_an_image(size_px):
    network = discriminator(size_px, 3)
    images = torch.randn(5, 3, size_px, size_px, requires_grad=True)
    logits = network.eval()(images)
    assert logits.shape == (5, 1)
    (gradient,) = torch.autograd.grad(logits[1].sum(), images)
    assert gradient[1].abs().max() > 0
    assert gradient[[0, 2, 3, 4]].abs().max() == 0
