"""AlexNet's five convolutions with BatchNorm, the backbone of the older papers' tables over layers."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn


def build(
    *, in_channels: PositiveInt = 3, width: PositiveInt = 64, stem: Literal["small", "imagenet"]
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages conv1 to conv5 and their channels: 1, 3, 6, 4 and 4 times ``width``; 32 is AlexNet at half width.

    A layer's map is what its ReLU returns; the max-pools belong to the stage that follows them. With the ``imagenet``
    stem (11 x 11, stride 4) 224 pixels become 55, 27, 13, 13, 13; it needs at least 63 pixels. With the ``small`` stem
    (5 x 5, stride 2, pools padded) 32 pixels become 16, 8, 4, 4, 4, and 64 become 32, 16, 8, 8, 8.

    Args:
        width: channels of the first stage; 64 is AlexNet's.
        stem: first layer for small images, or for those of 63 pixels and more.

    Source: Krizhevsky 2014 (One weird trick), the single-column AlexNet that torchvision has; Gidaris et al. 2018
    (RotNet), section 3.2, for BatchNorm after each convolution.
    Differs: no fully connected layers, since an encoder's features are the mean over its last map; so the pool after
    conv5, whose output only they take, is left out. The ``small`` stem is this project's, for small images.
    """
    channels = {f"conv{i + 1}": width * times for i, times in enumerate((1, 3, 6, 4, 4))}
    inputs = [in_channels, *channels.values()]
    sizes = [5 if stem == "small" else 11, 5, 3, 3, 3]
    stages: dict[str, nn.Module] = {}
    for i, (name, outputs) in enumerate(channels.items()):
        stride, padding = 1, sizes[i] // 2
        if i == 0:
            stride, padding = (2, 2) if stem == "small" else (4, 2)
        pool = [nn.MaxPool2d(3, 2, padding=int(stem == "small"))] if name in ("conv2", "conv3") else []
        stages[name] = nn.Sequential(*pool, *_convolution(inputs[i], outputs, sizes[i], stride, padding))
    return stages, channels


def _convolution(inputs: int, outputs: int, size: int, stride: int, padding: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
