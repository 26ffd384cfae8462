"""Losses of colorization: of images, over ab bins or as ab, and of videos, whose colours are copied through pointers."""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

# Pointer weights in memory at once, 128 MiB; peak memory is a small multiple of it.
CHUNK_WEIGHTS = 2**25


def soft_cross_entropy(logits: Tensor, index: Tensor, weight: Tensor, class_weight: Tensor | None = None) -> Tensor:
    """Return the mean over N images and H x W pixels of v(Z) times the cross entropy of a target Z to the logits.

    ``logits`` (N, Q, H, W). The target of a pixel is ``weight`` (N, k, H, W), which sums to 1 over k, on the bins
    ``index`` (N, k, H, W) int64; v(Z) is the ``class_weight`` (Q,) of its largest bin, 1 without class weights.
    Computed in float32 at least.

    Source: Zhang et al. 2016 (Colorful image colorization), equations 2 and 3.
    Differs: the mean over pixels and images in place of the sum, so that the learning rate does not depend on size.
    """
    with torch.autocast(logits.device.type, enabled=False):
        log_probability = F.log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=1)
        entropy = -(weight * log_probability.gather(1, index)).sum(1)
        if class_weight is not None:
            largest = index.gather(1, weight.argmax(1, keepdim=True))[:, 0]
            entropy = class_weight[largest] * entropy
        return entropy.mean()


def squared_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean over N images and H x W pixels of half the squared distance of ``predicted`` ab to ``target``.

    Both are (N, 2, H, W) in the same unit. Computed in float32 at least.

    Source: Zhang et al. 2016, equation 1. Differs: the mean over pixels and images in place of the sum.
    """
    with torch.autocast(predicted.device.type, enabled=False):
        predicted = predicted.to(torch.promote_types(predicted.dtype, torch.float32))
        return ((predicted - target) ** 2).sum(1).mean() / 2


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
