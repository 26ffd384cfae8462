"""Residual networks of torchvision, cut into named stages."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn


def build(
    *, channels_in: PositiveInt = 3, depth: Literal[18, 50], stem: Literal["cifar", "imagenet"]
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages stem, layer1 to layer4 and their channels.

    The ``imagenet`` stem divides H and W by 4, the whole network by 32; with the ``cifar`` stem they are divided by 1
    and 8, for images of 32 pixels.

    Source: He et al. 2016, section 4.1 and table 1; the ``cifar`` stem (3 x 3, stride 1, no max-pool) is that of Chen
    et al. 2020 (SimCLR), appendix B.9.
    """
    from torchvision.models import resnet18, resnet50  # here, because small_conv needs no torchvision

    network = resnet18() if depth == 18 else resnet50()
    expansion = 1 if depth == 18 else 4
    if stem == "cifar":
        network.conv1 = _convolution(channels_in, network.conv1.out_channels, 3, 1)
    elif channels_in != 3:
        network.conv1 = _convolution(channels_in, network.conv1.out_channels, 7, 2)
    first: list[nn.Module] = [network.conv1, network.bn1, network.relu, network.maxpool]
    if stem == "cifar":
        first.pop()
    stages: dict[str, nn.Module] = {"stem": nn.Sequential(*first)}
    stages |= {name: getattr(network, name) for name in ("layer1", "layer2", "layer3", "layer4")}
    return stages, {"stem": 64} | {f"layer{i + 1}": 64 * 2**i * expansion for i in range(4)}


def _convolution(channels_in: int, channels: int, size: int, stride: int) -> nn.Conv2d:
    convolution = nn.Conv2d(channels_in, channels, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")  # as torchvision's other layers
    return convolution
