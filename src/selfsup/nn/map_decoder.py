"""A small decoder on a map: what is at each place of a finer map, from the encoder's coarse one."""

from torch import nn


def map_decoder(features: int, outputs: int, *, width: int, upsampling: int) -> nn.Sequential:
    """Return a map of h (N, ``features``, H, W) to (N, ``outputs``, H ``upsampling``, W ``upsampling``).

    One transposed convolution of ``width`` channels, whose kernel is its stride, and one linear layer at each place.
    """
    return nn.Sequential(
        nn.ConvTranspose2d(features, width, upsampling, stride=upsampling, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, outputs, 1),
    )
