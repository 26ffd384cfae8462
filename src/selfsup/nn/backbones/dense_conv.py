"""A small dilated network for dense descriptors, with a large receptive field: a vector for every pixel."""

from pydantic import PositiveInt
from torch import nn

from selfsup.nn.blocks import convolution_block
from selfsup.nn.decoders import full_resolution

DILATIONS = (1, 2, 4)


def build(
    *, in_channels: PositiveInt = 3, width: PositiveInt = 24, dimension: PositiveInt
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages conv1 to conv5 and ``descriptor``, whose map is as large as the image, of ``dimension`` channels.

    conv1 and conv2 halve H and W, which must be multiples of 4; conv3 to conv5 keep them, with dilations of 1, 2 and 4,
    with a receptive field of 65 pixels. Channels: width, 2 width, then 4 width.

    Args:
        width: channels of the first stage.
        dimension: length of a descriptor.

    Source: Florence et al. 2018, section 4: a dilated network of stride 8, upsampled to full resolution.
    Differs: five layers of stride 4 in place of the paper's ResNet-34, for images of 64 pixels and a CPU.
    """
    channels = {"conv1": width, "conv2": 2 * width, **{f"conv{3 + i}": 4 * width for i in range(len(DILATIONS))}}
    stages: dict[str, nn.Module] = {
        "conv1": convolution_block(in_channels, width, 5, stride=2),
        "conv2": convolution_block(width, 2 * width, 3, stride=2),
    }
    for i, dilation in enumerate(DILATIONS):
        stages[f"conv{3 + i}"] = convolution_block(2 * width if i == 0 else 4 * width, 4 * width, 3, dilation=dilation)
    return (
        {**stages, "descriptor": full_resolution(4 * width, dimension, stride=4)},
        {**channels, "descriptor": dimension},
    )
