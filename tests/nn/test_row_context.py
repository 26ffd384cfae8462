"""A context that looks up and never down, proved by its gradients."""

import pytest
import torch
from torch import nn

from selfsup.nn.row_context import RowContext

ROWS, COLUMNS, FEATURES = 6, 5, 4


def context(blocks):
    torch.manual_seed(0)
    made = RowContext(FEATURES, 16, blocks).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


def influence(blocks):
    """Return (R, R): how much c at row r moves with z at row s, at [r, s], the sum over random latents."""
    z = torch.randn(8, FEATURES, ROWS, COLUMNS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z.requires_grad_()
    c = context(blocks)(z)
    assert c.shape == z.shape
    gradients = [torch.autograd.grad(c[:, :, row].sum(), z, retain_graph=True)[0] for row in range(ROWS)]
    return torch.stack([gradient.abs().sum((0, 1, 3)) for gradient in gradients])


@pytest.mark.parametrize("blocks", [1, 3, 6])
def test_no_row_sees_below_itself(blocks):
    assert torch.equal(influence(blocks).triu(1), torch.zeros(ROWS, ROWS, dtype=torch.float64))


@pytest.mark.parametrize("blocks", [1, 3, 6])
def test_a_row_sees_itself_and_one_row_above_for_each_block(blocks):
    seen = influence(blocks) > 0
    distance = torch.arange(ROWS)[:, None] - torch.arange(ROWS)
    assert torch.equal(seen, (distance >= 0) & (distance <= blocks))


def test_a_place_sees_the_columns_beside_it():
    z = torch.randn(8, FEATURES, ROWS, COLUMNS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z.requires_grad_()
    (gradient,) = torch.autograd.grad(context(1)(z)[:, :, 3, 2].sum(), z)
    columns = gradient.abs().sum((0, 1))
    assert (columns[2, 1:4] > 0).all()
    assert (columns[3, 1:4] > 0).all()
    assert columns[:, [0, 4]].sum() == 0


def test_a_symmetric_padding_would_be_noticed(monkeypatch):
    pad = nn.functional.pad
    monkeypatch.setattr(nn.functional, "pad", lambda x, _: pad(x, (1, 1, 0, 1)))
    with pytest.raises(AssertionError):
        test_no_row_sees_below_itself(1)
