"""Residual networks, in named stages."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn

from selfsup.nn.blocks import BasicBlock, Bottleneck, convolution


def build(
    *,
    in_channels: PositiveInt = 3,
    width: PositiveInt = 64,
    depth: Literal[18, 50],
    stem: Literal["cifar", "imagenet"],
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages stem, layer1 to layer4 and their channels: ``width`` in the stem, up to 8 (32 at depth 50) times it.

    The ``imagenet`` stem divides H and W by 4, the whole network by 32; with the ``cifar`` stem they are divided by 1
    and 8, for images of 32 pixels.

    Args:
        width: channels of the first stage.
        depth: layers of the residual network.
        stem: first layer for images of 32 pixels, or for large ones.

    Source: He et al. 2016, section 4.1 and table 1, width 64; the ``cifar`` stem (3 x 3, stride 1, no max-pool) is that
    of Chen et al. 2020 (SimCLR), appendix B.9.
    """
    block: type[BasicBlock | Bottleneck]
    block, counts = (BasicBlock, (2, 2, 2, 2)) if depth == 18 else (Bottleneck, (3, 4, 6, 3))
    size, stride = (3, 1) if stem == "cifar" else (7, 2)
    first: list[nn.Module] = [convolution(in_channels, width, size, stride), nn.BatchNorm2d(width), nn.ReLU()]
    if stem == "imagenet":
        first.append(nn.MaxPool2d(3, 2, padding=1))
    stages: dict[str, nn.Module] = {"stem": nn.Sequential(*first)}
    channels = {"stem": width}
    for i, count in enumerate(counts):
        inputs, planes = list(channels.values())[-1], width * 2**i
        stages[f"layer{i + 1}"] = _layer(block, inputs, planes, count, stride=1 if i == 0 else 2)
        channels[f"layer{i + 1}"] = planes * block.expansion
    for stage in stages.values():
        for module in stage.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return stages, channels


def _layer(block: type[BasicBlock | Bottleneck], inputs: int, planes: int, count: int, stride: int) -> nn.Module:
    outputs = planes * block.expansion
    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
    return nn.Sequential(block(inputs, planes, stride, shortcut), *(block(outputs, planes) for _ in range(count - 1)))
