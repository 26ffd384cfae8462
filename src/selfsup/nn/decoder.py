"""A decoder of up-convolutions: from a small map of features back to an image."""

import itertools

from torch import nn


def up_convolutions(in_channels: int, side_px: int, size_px: int, width: int) -> nn.Sequential:
    """Return a decoder from maps (N, in_channels, side_px, side_px) to images (N, 3, H, H) in [-1, 1], H >= size_px.

    Each up-convolution doubles the map, until it reaches ``size_px``; the last but one has ``width`` channels, those
    before it twice as many each. BatchNorm and ReLU follow each but the last, which ends in a tanh.

    Source: Pathak et al. 2016 (Context encoders), section 3.1; the layers are those of its published code.
    """
    ups = 1
    while side_px << ups < size_px:
        ups += 1
    channels = [in_channels, *(width << left for left in reversed(range(ups - 1)))]
    parts: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(channels):
        parts += [_doubling(inputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*parts, _doubling(channels[-1], 3, bias=True), nn.Tanh())


def _doubling(inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)
