"""The maps of all layers of an encoder in one: what fine-tuned segmentation and detection read."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.nn.encoder import Encoder


class FusedMaps(nn.Module):
    """Images (N, 3, H, W) to one map (N, C, H / stride, W / stride), rounded up: the sum of a 1 x 1 convolution of each layer.

    Finer layers are averaged before the convolution and coarser ones enlarged bilinearly after it: both commute with it, and it
    is cheapest where the map is smallest. So any layout has the same map: stages of a convolutional network, or the tokens of a
    Transformer.

    Source: Lin et al. 2017 (Feature pyramid networks), section 3, whose finest level it is.
    Differs: layers are summed at one resolution, without a convolution after each sum.
    """

    def __init__(self, encoder: Encoder, channels: int, stride_px: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.stride_px = stride_px
        self.lateral = nn.ModuleDict({layer: nn.Conv2d(width, channels, 1) for layer, width in encoder.layers.items()})

    def forward(self, x: Tensor) -> Tensor:
        size = (math.ceil(x.shape[2] / self.stride_px), math.ceil(x.shape[3] / self.stride_px))
        tokens = self.encoder.tokens(x)
        maps = [enlarged(lateral(averaged(tokens[layer].map, size)), size) for layer, lateral in self.lateral.items()]
        return torch.stack(maps).sum(0)


def averaged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return maps (N, C, h, w) averaged to a smaller size along each axis that is longer than ``size``."""
    smaller = (min(maps.shape[2], size[0]), min(maps.shape[3], size[1]))
    return maps if smaller == maps.shape[2:] else F.adaptive_avg_pool2d(maps, smaller)


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return maps (N, C, h, w) at ``size``, enlarged bilinearly along each axis that is shorter."""
    return maps if maps.shape[2:] == size else F.interpolate(maps, size, mode="bilinear", align_corners=False)
