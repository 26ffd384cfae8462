"""Projection heads: from the representation h to the space z in which a contrastive loss compares (specs/heads.py)."""

from typing import Literal

from torch import nn


def projection_head(
    features: int, kind: Literal["none", "linear", "nonlinear"], out_dim: int = 0, hidden_dim: int = 0
) -> nn.Module:
    """Return a map of h (N, ``features``) to z (N, ``out_dim``); ``none`` keeps h and its width.

    ``nonlinear`` is W2 relu(W1 h) with ``hidden_dim`` rows in W1.

    Source: Chen et al. 2020 (SimCLR), sections 2.1 and 4.2; Chen et al. 2020 (MoCo v2), section 2.
    Differs: SimCLR's published code has BatchNorm after both layers; the paper's equation, which this is, has none.
    """
    if kind == "none":
        return nn.Identity()
    if kind == "linear":
        return nn.Linear(features, out_dim)
    return nn.Sequential(nn.Linear(features, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, out_dim))
