"""The gauge of collapse at its two ends."""

import torch

from selfsup.nn.collapse import embedding_std


def test_isotropic_is_one_and_collapsed_is_zero():
    isotropic = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))
    assert abs(embedding_std(isotropic).item() - 1) < 0.01
    assert embedding_std(torch.ones(10, 64)).item() < 1e-6


def test_length_does_not_count_and_collapse_to_a_line_shows():
    z = torch.randn(500, 32, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(embedding_std(z), embedding_std(z * torch.rand(500, 1).add(0.1)))
    line = torch.randn(500, 1, generator=torch.Generator().manual_seed(2)) * torch.eye(32)[0]
    assert embedding_std(line).item() < 0.2
