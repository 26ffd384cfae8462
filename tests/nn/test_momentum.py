"""The momentum encoder: the paper's equation 2, and what it leaves alone."""

import torch
from torch import nn

from selfsup.nn.momentum import momentum_copy, update_momentum


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).double()


def test_starts_equal_and_apart():
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


def test_batch_norm_statistics_stay_its_own():
    query = network()
    key = momentum_copy(query)
    query(torch.randn(8, 3, dtype=torch.float64))
    update_momentum(key, query, 0.5)
    assert key[1].running_mean.abs().max() == 0
    assert key[1].num_batches_tracked == 0
