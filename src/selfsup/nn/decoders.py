"""Decoders of an encoder's maps, to images, classes of positions or descriptors, and the discriminator of images."""

import itertools

import torch
from torch import Tensor, nn

DISCRIMINATED_SIDE_PX = 4


class ChannelwiseFullyConnected(nn.Module):
    """A matrix for each channel: every position of a feature map depends on all positions of that map, and on no other map.

    m maps of n x n have m n^4 weights, where a fully connected layer has m^2 n^4; there is no bias.

    Source: Pathak et al. 2016 (Context encoders), section 3.1.
    """

    def __init__(self, channels: int, side_px: int) -> None:
        super().__init__()
        positions = side_px**2
        self.weight = nn.Parameter(torch.empty(channels, positions, positions))
        nn.init.uniform_(self.weight, -(positions**-0.5), positions**-0.5)  # as torch initialises linear layers

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, C, H, W) of maps (N, C, H, W)."""
        return torch.einsum("ncp,cpq->ncq", x.flatten(2), self.weight).view(x.shape)


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
        parts += [_up_convolution(inputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*parts, _up_convolution(channels[-1], 3, bias=True), nn.Tanh())


def _up_convolution(inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def discriminator(size_px: int, width: int) -> nn.Sequential:
    """Return a network from images (N, 3, H, W) of ``size_px`` in [-1, 1] to logits (N, 1), positive for real images.

    Convolutions halve the map until its side is 4 pixels or less; the first has ``width`` channels, each next one
    twice as many. All but the first have BatchNorm; LeakyReLU 0.2 follows each, then one linear layer.

    Source: Pathak et al. 2016 (Context encoders), section 3.2; Radford et al. 2016 (DCGAN), section 3.
    """
    parts: list[nn.Module] = []
    inputs, outputs, side = 3, width, size_px
    while side > DISCRIMINATED_SIDE_PX or not parts:
        parts.append(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not parts))
        if inputs != 3:
            parts.append(nn.BatchNorm2d(outputs))
        parts.append(nn.LeakyReLU(0.2))
        inputs, outputs, side = outputs, 2 * outputs, side // 2
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(inputs * side**2, 1))


def map_decoder(features: int, outputs: int, *, width: int, upsampling: int) -> nn.Sequential:
    """Return a decoder from maps (N, ``features``, H, W) to (N, ``outputs``, H ``upsampling``, W ``upsampling``).

    A transposed convolution of ``width`` channels, whose kernel is its stride, then a linear layer at each position.
    """
    return nn.Sequential(
        nn.ConvTranspose2d(features, width, upsampling, stride=upsampling, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, outputs, 1),
    )


def full_resolution(features: int, dimension: int, stride: int) -> nn.Sequential:
    """Return a decoder from maps (N, ``features``, H, W) to descriptors (N, ``dimension``, H ``stride``, W ``stride``).

    A linear layer at each position, then bilinear upsampling: the cheaper order of two that are equal.

    Source: Florence et al. 2018 (Dense Object Nets), section 4: bilinear upsampling to the size of the image.
    """
    return nn.Sequential(
        nn.Conv2d(features, dimension, 1),
        nn.Upsample(scale_factor=stride, mode="bilinear", align_corners=False),
    )
