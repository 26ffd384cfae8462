"""Copying through pointers: each place of a target takes a mean of what the references hold, weighted by likeness."""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Pointer weights at once, 128 MiB; all memory that grows with places x references is within a few of it.
CHUNK_WEIGHTS = 2**25


def pointers(query: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Return the pointers (N, L, M) of embeddings (N, L, D) into the references' (N, M, D): rows that sum to 1.

    Source: Vondrick et al. 2018, equation 2.
    Differs: the equation has no temperature; here embeddings have unit length, which needs one.
    """
    return torch.softmax((query / temperature) @ keys.transpose(1, 2), -1)


def copied(query: Tensor, keys: Tensor, values: Tensor, temperature: float) -> Tensor:
    """Return the mean (N, L, K) of values (N, M, K) under the pointers of each place.

    The pointers are never whole in memory: places come in chunks of at most CHUNK_WEIGHTS weights, and of several
    chunks each is computed again for its gradient.

    Source: Vondrick et al. 2018, equation 1.
    """
    places = max(1, CHUNK_WEIGHTS // (keys.shape[0] * keys.shape[1]))
    if query.shape[1] <= places:
        return _copied(query, keys, values, temperature)
    parts = [
        checkpoint(_copied, chunk, keys, values, temperature, use_reentrant=False) for chunk in query.split(places, 1)
    ]
    return torch.cat(parts, 1)


def copied_cross_entropy(probability: Tensor, target: Tensor, uniform_fraction: float) -> Tensor:
    """Return the mean cross-entropy of copied distributions over K colours (N, L, K) with the true ones (N, L) int64.

    A colour that no reference holds cannot be copied: so that its loss is finite, each distribution is mixed with
    ``uniform_fraction`` of the uniform one.

    Source: Vondrick et al. 2018, equation 3.
    Differs: the mixture, of which the paper says nothing.
    """
    right = probability.gather(-1, target[..., None])[..., 0]
    mixed = (1 - uniform_fraction) * right + uniform_fraction / probability.shape[-1]
    return -mixed.log().mean()


def _copied(query: Tensor, keys: Tensor, values: Tensor, temperature: float) -> Tensor:
    return pointers(query, keys, temperature) @ values
