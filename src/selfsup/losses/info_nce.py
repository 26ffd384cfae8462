"""InfoNCE of queries against one key each and a queue of negatives."""

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(
    query: Tensor, key: Tensor, queue: Tensor, temperature: float, exclude_mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each query is nearer to its key than to every negative, bool (N,).

    ``query`` and ``key`` (N, D), paired row by row, and ``queue`` (K, D) are unit vectors. The loss is the mean over the
    N queries of a (1 + K)-way cross entropy. Keys and queue receive no gradient. ``exclude_mask`` (N, K) bool excludes
    entries of the queue from the negatives of a query. Computed in float32 at least, under autocast too: bfloat16 has
    8 bits, and dividing by the temperature amplifies its rounding errors.

    Source: He et al. 2020 (MoCo), equation 1 and algorithm 1.
    """
    compute_dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        query, key, queue = (rows.to(compute_dtype) for rows in (query, key, queue))
        positive = (query * key.detach()).sum(1, keepdim=True)
        negatives = query @ queue.detach().T
        if exclude_mask is not None:
            negatives = negatives.masked_fill(exclude_mask, -torch.inf)
        logits = torch.cat([positive, negatives], dim=1) / temperature
        target = torch.zeros(len(query), dtype=torch.long, device=query.device)  # the key is column 0
        return F.cross_entropy(logits, target), (positive > negatives).all(1)
