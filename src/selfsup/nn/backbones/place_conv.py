"""A small convolutional network that keeps a quarter or an eighth of the resolution: a vector for each position."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn

from selfsup.nn.blocks import convolution_block


def build(
    *,
    in_channels: PositiveInt = 3,
    width: PositiveInt = 24,
    stride: Literal[4, 8] = 4,
    embedding: PositiveInt = 64,
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages conv1 to conv4 and ``embedding``, and their channels: width, 2 width, 2 width, 2 width, embedding.

    conv1 and conv2 halve H and W, with stride 8 conv3 too; conv4 is dilated, so that the receptive field at
    stride 4 is 33 pixels. The embedding is linear in conv4; at width 24 the network has about 60,000 parameters.

    Args:
        width: channels of the first stage.
        stride: pixels of the image between neighbouring positions of the last map.
        embedding: channels of the last map.
    """
    wide = 2 * width
    stages = {
        "conv1": convolution_block(in_channels, width, 5, 2),
        "conv2": convolution_block(width, wide, 3, 2),
        "conv3": convolution_block(wide, wide, 3, stride // 4),
        "conv4": convolution_block(wide, wide, 3, 1, dilation=2),
        "embedding": nn.Conv2d(wide, embedding, 1),
    }
    return stages, {"conv1": width, "conv2": wide, "conv3": wide, "conv4": wide, "embedding": embedding}
