"""Copying through pointers: each position of a target takes a mean of reference values, weighted by similarity."""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Pointer weights in memory at once, 128 MiB; peak memory is a small multiple of it.
CHUNK_WEIGHTS = 2**25


def pointers(query: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Return the pointers (N, L, M) of embeddings (N, L, D) to those of references (N, M, D); rows sum to 1.

    Source: Vondrick et al. 2018, equation 2.
    Differs: the equation has no temperature; embeddings of unit length need one.
    """
    return torch.softmax((query / temperature) @ keys.transpose(1, 2), -1)


def copied(query: Tensor, keys: Tensor, values: Tensor, temperature: float) -> Tensor:
    """Return the mean (N, L, K) of values (N, M, K) under the pointers of each position.

    Positions are processed in chunks of at most CHUNK_WEIGHTS pointer weights; with several chunks, each is recomputed
    for its gradient.

    Source: Vondrick et al. 2018, equation 1.
    """
    positions = max(1, CHUNK_WEIGHTS // (keys.shape[0] * keys.shape[1]))
    if query.shape[1] <= positions:
        return _copied(query, keys, values, temperature)
    parts = [
        checkpoint(_copied, chunk, keys, values, temperature, use_reentrant=False)
        for chunk in query.split(positions, 1)
    ]
    return torch.cat(parts, 1)


def copied_cross_entropy(probability: Tensor, target: Tensor, uniform_fraction: float) -> Tensor:
    """Return the mean cross-entropy of copied distributions over K colours (N, L, K) with the true ones (N, L) int64.

    A colour that no reference has cannot be copied; mixing each distribution with ``uniform_fraction`` of the uniform one
    keeps its loss finite.

    Source: Vondrick et al. 2018, equation 3.
    Differs: the mixture with a uniform distribution is not in the paper.
    """
    correct = probability.gather(-1, target[..., None])[..., 0]
    mixed = (1 - uniform_fraction) * correct + uniform_fraction / probability.shape[-1]
    return -mixed.log().mean()


def _copied(query: Tensor, keys: Tensor, values: Tensor, temperature: float) -> Tensor:
    return pointers(query, keys, temperature) @ values
