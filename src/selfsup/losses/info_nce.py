"""InfoNCE of queries against one key each and a queue of negatives."""

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(query: Tensor, key: Tensor, queue: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each query is nearer to its key than to every negative, bool (N,).

    ``query`` and ``key`` (N, D), row by row of the same image, and ``queue`` (K, D) hold unit vectors. The loss is
    the cross entropy of a (1 + K)-way choice, its mean over the N queries. Keys and queue receive no gradient.

    Source: He et al. 2020 (MoCo), equation 1 and algorithm 1.
    """
    positive = (query * key.detach()).sum(1, keepdim=True)
    negatives = query @ queue.detach().T
    logits = torch.cat([positive, negatives], dim=1) / temperature
    target = torch.zeros(len(query), dtype=torch.long, device=query.device)  # the key stands in column 0
    return F.cross_entropy(logits, target), (positive > negatives).all(1)
