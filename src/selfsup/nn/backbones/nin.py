"""Network in network, the backbone of rotation prediction's CIFAR-10 experiments, cut into its named blocks."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn


def build(
    *, in_channels: PositiveInt = 3, width: PositiveInt = 192, blocks: Literal[3, 4, 5] = 4
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages conv1 to conv3, conv4 or conv5 and their channels.

    A block is three convolutions, the second and third of 1 x 1, each with BatchNorm and ReLU: 192, 160, 96 channels in
    the first, 192 in all others, scaled by ``width`` / 192. Pooling halves H and W after conv1 and conv2, so 32 pixels
    become 16, 8, and stay 8. At width 192 three blocks have 1.00 million parameters, each further one 0.41.

    Args:
        width: channels of the first block; the paper's is 192.
        blocks: blocks of three convolutions.

    Source: Lin et al. 2014 (Network in network); Gidaris et al. 2018 (RotNet), section 3.1, and the authors' code for
    four blocks, which do not pool after conv3.
    """
    narrow, narrowest = round(width * 160 / 192), round(width * 96 / 192)
    stages: dict[str, nn.Module] = {
        "conv1": nn.Sequential(*_block(in_channels, width, narrow, narrowest, 5), nn.MaxPool2d(3, 2, padding=1)),
        "conv2": nn.Sequential(*_block(narrowest, width, width, width, 5), nn.AvgPool2d(3, 2, padding=1)),
    }
    stages |= {f"conv{i}": nn.Sequential(*_block(width, width, width, width, 3)) for i in range(3, blocks + 1)}
    return stages, {name: narrowest if name == "conv1" else width for name in stages}


def _block(inputs: int, first: int, second: int, third: int, size: int) -> list[nn.Module]:
    return [*_convolution(inputs, first, size), *_convolution(first, second, 1), *_convolution(second, third, 1)]


def _convolution(inputs: int, outputs: int, size: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
