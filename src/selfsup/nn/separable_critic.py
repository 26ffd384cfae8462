"""A critic that compares an embedding of x with an embedding of y: f(x, y) = g(x) . h(y)."""

from torch import Tensor, nn


class SeparableCritic(nn.Module):
    """Two networks of two hidden layers, one for each variable, so that N x N scores cost 2N passes.

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
