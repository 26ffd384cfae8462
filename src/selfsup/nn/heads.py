"""Projection heads: from the representation h to the space z in which a contrastive loss compares."""

from typing import Literal

from torch import nn


def projection_head(
    kind: Literal["none", "linear", "nonlinear"], features: int, hidden_width: int, output_width: int
) -> nn.Module:
    """Return a map of h (N, ``features``) to z (N, ``output_width``); ``none`` keeps h and its width.

    ``nonlinear`` is W2 relu(W1 h) with ``hidden_width`` rows in W1; ``hidden_width`` says nothing of the other kinds.

    Source: Chen et al. 2020 (SimCLR), sections 2.1 and 4.2; Chen et al. 2020 (MoCo v2), section 2.
    Differs: SimCLR's published code has BatchNorm after both layers; the paper's equation, which this is, has none.
    """
    if kind == "none":
        return nn.Identity()
    if kind == "linear":
        return nn.Linear(features, output_width)
    return nn.Sequential(nn.Linear(features, hidden_width), nn.ReLU(), nn.Linear(hidden_width, output_width))
