"""The channel-wise fully connected layer: information moves within a feature map, never between two."""

import torch
from torch import Tensor, nn


class ChannelwiseFullyConnected(nn.Module):
    """One matrix a channel: every position of a feature map sees every other position of the same map.

    m maps of n x n have m n^4 weights, where a fully connected layer has m^2 n^4; there is no bias.

    Source: Pathak et al. 2016 (Context encoders), section 3.1.
    """

    def __init__(self, channels: int, side_px: int) -> None:
        super().__init__()
        positions = side_px**2
        self.weight = nn.Parameter(torch.empty(channels, positions, positions))
        nn.init.uniform_(self.weight, -(positions**-0.5), positions**-0.5)  # the law of torch's linear layers

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (N, C, H, W) of maps (N, C, H, W)."""
        return torch.einsum("ncp,cpq->ncq", x.flatten(2), self.weight).view(x.shape)
