"""Descriptors at full resolution: a vector for every pixel, from an encoder's last map."""

from torch import nn


def full_resolution(features: int, dimension: int, stride: int) -> nn.Sequential:
    """Return a map of h (N, ``features``, H, W) to descriptors (N, ``dimension``, H ``stride``, W ``stride``).

    A linear layer at each place, then bilinear upsampling; the one after the other costs least, and the order changes nothing.

    Source: Florence et al. 2018 (Dense Object Nets), section 4: bilinear upsampling to the size of the image.
    """
    return nn.Sequential(
        nn.Conv2d(features, dimension, 1),
        nn.Upsample(scale_factor=stride, mode="bilinear", align_corners=False),
    )
