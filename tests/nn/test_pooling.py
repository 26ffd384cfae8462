"""Pooling: the same numbers as on maps, bit for bit, the class token, and the cells of a grid."""

import math

import pytest
import torch

from selfsup.errors import InputError
from selfsup.nn.pooling import Tokens, pool, pool_grid

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


def by_cells(layer, values):
    """The definition: the finest grid that fits, and each cell's mean, of every position that it touches."""
    examples, channels, height, width = layer.shape
    side = max(g for g in range(1, min(height, width) + 1) if g == 1 or channels * g * g <= values)
    found = torch.empty(examples, channels, side, side, dtype=torch.float64)
    for row in range(side):
        for column in range(side):
            rows = slice(row * height // side, math.ceil((row + 1) * height / side))
            columns = slice(column * width // side, math.ceil((column + 1) * width / side))
            found[:, :, row, column] = layer[:, :, rows, columns].double().mean((2, 3))
    return found.flatten(1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("values", [1, 100, 768])
def test_a_grid_has_the_mean_of_each_cell(shape, values):
    layer = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        pool_grid(Tokens.of_map(layer), values), by_cells(layer, values).float(), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("channels", "size", "side"),
    [(3, 32, 16), (24, 16, 5), (48, 8, 4), (96, 4, 2), (192, 2, 2), (512, 4, 1), (36, 3, 3)],
)
def test_768_values_are_the_finest_grid_that_fits(channels, size, side):
    assert pool_grid(Tokens.of_map(torch.zeros(2, channels, size, size)), 768).shape == (2, channels * side**2)


def test_patches_of_a_transformer_have_a_grid():
    patches = torch.randn(2, 16, 5, generator=torch.Generator().manual_seed(0))
    expected = by_cells(patches.transpose(1, 2).reshape(2, 5, 4, 4), 20).float()
    torch.testing.assert_close(pool_grid(Tokens(patches, (4, 4), torch.ones(2, 5)), 20), expected)
