"""Projection heads (specs/networks.py), from the representation h to the space z of a contrastive loss, and a critic of two
variables."""

from typing import Literal

from torch import Tensor, nn


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


class SeparableCritic(nn.Module):
    """The critic f(x, y) = g(x) . h(y), g and h networks of two hidden layers, so that N x N scores cost 2N passes.

    Source: Poole et al. 2019, section 3, and the published notebook: the separable critic.
    """

    def __init__(self, dimensions: int, hidden_width: int, embedding_width: int) -> None:
        super().__init__()
        self.embed_x = _network(dimensions, hidden_width, embedding_width)
        self.embed_y = _network(dimensions, hidden_width, embedding_width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return scores (N, N), f(x_i, y_j) at [i, j], of x and y (N, D)."""
        return self.embed_x(x) @ self.embed_y(y).T


def _network(dimensions: int, hidden_width: int, embedding_width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(dimensions, hidden_width),
        nn.ReLU(),
        nn.Linear(hidden_width, hidden_width),
        nn.ReLU(),
        nn.Linear(hidden_width, embedding_width),
    )
