"""Projection heads: the equation of each kind."""

import pytest
import torch

from selfsup.nn.heads import projection_head


@pytest.mark.parametrize(("kind", "width"), [("none", 6), ("linear", 3), ("nonlinear", 3)])
def test_width(kind, width):
    head = projection_head(6, kind, out_dim=3, hidden_dim=5)
    assert head(torch.randn(2, 6)).shape == (2, width)


def test_none_keeps_the_representation():
    h = torch.randn(2, 6)
    assert torch.equal(projection_head(6, "none", out_dim=3, hidden_dim=5)(h), h)


def test_linear_is_linear_and_nonlinear_is_the_papers_equation():
    h = torch.randn(4, 6)
    linear = projection_head(6, "linear", out_dim=3, hidden_dim=5)
    torch.testing.assert_close(linear(h) + linear(-h), 2 * linear(torch.zeros(4, 6)))
    nonlinear = projection_head(6, "nonlinear", out_dim=3, hidden_dim=5)
    w1, b1, w2, b2 = nonlinear.parameters()
    assert w1.shape == (5, 6)
    torch.testing.assert_close(nonlinear(h), (h @ w1.T + b1).clamp(min=0) @ w2.T + b2)
