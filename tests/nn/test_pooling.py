"""Pooling: the same numbers as on maps, bit for bit, and the class token."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.nn.pooling import pool
from selfsup.nn.tokens import Tokens

SHAPES = [(5, 192, 2, 2), (1, 3, 7, 5), (64, 16, 8, 8), (3, 33, 1, 1), (2, 512, 4, 4), (7, 24, 16, 16), (4, 1, 32, 32)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_tokens_of_a_map_are_pooled_as_the_map_is(shape, memory_format):
    layer = torch.randn(shape, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=memory_format)
    tokens = Tokens.of_map(layer)
    assert tokens.grid == shape[2:]
    assert torch.equal(tokens.map, layer)
    assert torch.equal(pool(tokens, "mean"), layer.mean((2, 3)))
    assert torch.equal(pool(tokens, "max"), layer.amax((2, 3)))


def test_tokens_stand_row_by_row():
    layer = torch.arange(24.0).view(1, 2, 3, 4)
    tokens = Tokens.of_map(layer)
    assert tokens.patches[0, 4 * 1 + 2].tolist() == layer[0, :, 1, 2].tolist()


def test_the_class_token_is_a_pooling_where_there_is_one():
    tokens = Tokens(torch.zeros(2, 4, 3), (2, 2), torch.ones(2, 3))
    assert torch.equal(pool(tokens, "class_token"), torch.ones(2, 3))
    with pytest.raises(InputError, match="pooling is class_token"):
        pool(Tokens.of_map(torch.zeros(2, 3, 2, 2)), "class_token")
