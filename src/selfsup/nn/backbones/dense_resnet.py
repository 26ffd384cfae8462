"""A residual network for dense descriptors, upsampled from stride 8."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn

from selfsup.nn.backbones import resnet
from selfsup.nn.decoders import full_resolution


def build(
    *, in_channels: PositiveInt = 3, width: PositiveInt = 64, depth: Literal[18, 50], dimension: PositiveInt
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return the stages of a residual network with the small stem, and ``descriptor``, whose map is as large as the image.

    H and W must be multiples of 8.

    Args:
        width: channels of the first stage.
        depth: layers of the residual network.
        dimension: length of a descriptor.

    Source: Florence et al. 2018, section 4: ResNet-34 of stride 8, upsampled to full resolution.
    Differs: the stride of 8 is that of the stem without strides, for small images, where the paper dilates the last
    layers of the published network; 18 or 50 layers in place of 34.
    """
    stages, channels = resnet.build(in_channels=in_channels, width=width, depth=depth, stem="cifar")
    features = list(channels.values())[-1]
    return (
        {**stages, "descriptor": full_resolution(features, dimension, stride=8)},
        {**channels, "descriptor": dimension},
    )
