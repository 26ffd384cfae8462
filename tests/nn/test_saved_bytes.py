"""Bytes kept for the backward pass, by hand."""

import torch
from torch import nn

from selfsup.nn.saved_bytes import SavedBytes


def test_a_linear_layer_keeps_its_input_and_not_its_weight():
    layer, x = nn.Linear(5, 3), torch.randn(7, 5)
    with SavedBytes(layer) as saved:
        layer(x)
    assert saved.total == 7 * 5 * 4


def test_a_chain_keeps_each_tensor_once():
    """exp keeps its output, the product both factors: y = exp(x) is one memory, however often it is kept."""
    x = torch.randn(10, requires_grad=True)
    with SavedBytes() as saved:
        y = x.exp()
        (y * y).sum()
    assert saved.total == 10 * 4


def test_without_a_gradient_nothing_is_kept():
    layer = nn.Linear(5, 3)
    with torch.no_grad(), SavedBytes(layer) as saved:
        layer(torch.randn(7, 5))
    assert saved.total == 0


def test_memory_that_is_used_again_is_counted_again():
    """Each step's activation is freed after its backward pass; ten steps keep ten times as much as one."""
    layer = nn.Sequential(nn.Linear(64, 64), nn.Tanh())
    with SavedBytes(layer) as saved:
        for _ in range(10):
            layer(torch.randn(32, 64)).sum().backward()
    assert saved.total == 10 * 2 * 32 * 64 * 4
