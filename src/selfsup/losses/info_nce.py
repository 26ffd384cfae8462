"""InfoNCE of queries against one key each and a queue of negatives."""

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(
    query: Tensor, key: Tensor, queue: Tensor, temperature: float, left_out: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each query is nearer to its key than to every negative, bool (N,).

    ``query`` and ``key`` (N, D), row by row of the same image, and ``queue`` (K, D) hold unit vectors. The loss is
    the cross entropy of a (1 + K)-way choice, its mean over the N queries. Keys and queue receive no gradient.
    ``left_out`` (N, K) says which entries are no negatives of which query; they count nothing.
    Computed in float32 at least, under autocast too: bfloat16 has 8 bits, and dividing by the temperature makes its
    rounding errors matter.

    Source: He et al. 2020 (MoCo), equation 1 and algorithm 1.
    """
    precise = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        query, key, queue = (rows.to(precise) for rows in (query, key, queue))
        positive = (query * key.detach()).sum(1, keepdim=True)
        negatives = query @ queue.detach().T
        if left_out is not None:
            negatives = negatives.masked_fill(left_out, -torch.inf)
        logits = torch.cat([positive, negatives], dim=1) / temperature
        target = torch.zeros(len(query), dtype=torch.long, device=query.device)  # the key stands in column 0
        return F.cross_entropy(logits, target), (positive > negatives).all(1)
