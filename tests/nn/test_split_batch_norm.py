"""Statistics per part of the batch, against BatchNorm's formula on each part by hand."""

import torch
from torch import nn

from selfsup.nn.split_batch_norm import forward_in_splits


def by_hand(x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()


def test_each_part_has_its_own_statistics():
    x = torch.randn(12, 5) * torch.arange(1, 13)[:, None]
    normalised = forward_in_splits(nn.BatchNorm1d(5), x, 3)
    torch.testing.assert_close(normalised, torch.cat([by_hand(x[i : i + 4]) for i in (0, 4, 8)]))
    assert not torch.allclose(normalised, by_hand(x))


def test_one_split_is_plain_batch_norm():
    x = torch.randn(12, 5)
    torch.testing.assert_close(forward_in_splits(nn.BatchNorm1d(5), x, 1), by_hand(x))


def test_evaluation_mode_does_not_depend_on_the_parts():
    norm, x = nn.BatchNorm1d(5).eval(), torch.randn(12, 5)
    torch.testing.assert_close(forward_in_splits(norm, x, 4), norm(x))
