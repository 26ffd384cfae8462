"""The momentum encoder against equation 2 of the paper, and BatchNorm statistics of parts of a batch."""

import torch
from torch import nn

from selfsup.nn.momentum import forward_in_splits, momentum_copy, update_momentum


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).double()


def test_the_copy_is_equal_and_independent():
    query = network()
    key = momentum_copy(query)
    assert all(torch.equal(a, b) for a, b in zip(key.parameters(), query.parameters(), strict=True))
    assert not any(p.requires_grad for p in key.parameters())
    assert all(p.requires_grad for p in query.parameters())
    key[0].weight.add_(1)
    assert not torch.equal(key[0].weight, query[0].weight)


def test_average_over_several_updates():
    query = network()
    key = momentum_copy(query)
    expected = [p.detach().clone() for p in key.parameters()]
    for step in range(5):
        with torch.no_grad():
            for p in query.parameters():
                p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(step), dtype=p.dtype))
        update_momentum(key, query, 0.9)
        expected = [0.9 * k + 0.1 * q.detach() for k, q in zip(expected, query.parameters(), strict=True)]
    torch.testing.assert_close(list(key.parameters()), expected, rtol=1e-14, atol=1e-15)


def test_momentum_zero_copies_and_one_freezes():
    query, key = network(), momentum_copy(network())
    before = [p.clone() for p in key.parameters()]
    update_momentum(key, query, 1.0)
    assert all(torch.equal(a, b) for a, b in zip(key.parameters(), before, strict=True))
    update_momentum(key, query, 0.0)
    assert all(torch.equal(a, b) for a, b in zip(key.parameters(), query.parameters(), strict=True))


def test_update_momentum_leaves_batch_norm_statistics_alone():
    query = network()
    key = momentum_copy(query)
    query(torch.randn(8, 3, dtype=torch.float64))
    update_momentum(key, query, 0.5)
    assert key[1].running_mean.abs().max() == 0
    assert key[1].num_batches_tracked == 0


def normalised_by_formula(x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()


def test_each_part_has_its_own_statistics():
    x = torch.randn(12, 5) * torch.arange(1, 13)[:, None]
    normalised = forward_in_splits(nn.BatchNorm1d(5), x, 3)
    torch.testing.assert_close(normalised, torch.cat([normalised_by_formula(x[i : i + 4]) for i in (0, 4, 8)]))
    assert not torch.allclose(normalised, normalised_by_formula(x))


def test_one_split_is_plain_batch_norm():
    x = torch.randn(12, 5)
    torch.testing.assert_close(forward_in_splits(nn.BatchNorm1d(5), x, 1), normalised_by_formula(x))


def test_evaluation_mode_does_not_depend_on_the_splits():
    norm, x = nn.BatchNorm1d(5).eval(), torch.randn(12, 5)
    torch.testing.assert_close(forward_in_splits(norm, x, 4), norm(x))
