"""Similarities between all pairs of two views of a batch, and the weights of the negatives among them."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def cosines(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cosine of each of 2N rows with its positive (2N, 1) and with every row (2N, 2N).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, not normalised.
    """
    first, second = F.normalize(first, dim=1), F.normalize(second, dim=1)
    z = torch.cat([first, second])
    return (first * second).sum(1, keepdim=True).repeat(2, 1), z @ z.T


@torch.no_grad()
def weights(
    positive: Tensor, similarity: Tensor, kind: Literal["all", "semi_hard"], margin: float = torch.inf
) -> Tensor:
    """Return the weight of each negative (2N, 2N), without gradient; 0 in a row's own column and in its positive's.

    ``all``: 1 / (2N - 2) each. ``semi_hard``: 1 for the nearest negative that is farther than the positive and within
    ``margin`` of it, in cosines (2N, 1) and (2N, 2N); a row without such a negative has no weight.

    Source: Chen et al. 2020 (SimCLR), section 5.1; Schroff et al. 2015 (FaceNet), section 3.2.
    """
    rows = torch.arange(len(similarity), device=similarity.device)
    distance = (rows[:, None] - rows) % (len(rows) // 2)
    negative = distance != 0  # neither the row itself nor its positive, N rows away
    if kind == "all":
        return negative.to(similarity.dtype) / (len(rows) - 2)
    semi_hard = negative & (similarity < positive) & (similarity > positive - margin)
    nearest = similarity.masked_fill(~semi_hard, -torch.inf).argmax(1)
    return (semi_hard & (rows == nearest[:, None])).to(similarity.dtype)


@torch.no_grad()
def nearest_is_positive(positive: Tensor, similarity: Tensor) -> Tensor:
    """Return whether each row's positive is nearer than all its negatives, bool (2N,)."""
    negative = weights(positive, similarity, "all") > 0
    return (negative & (similarity >= positive)).sum(1) == 0
