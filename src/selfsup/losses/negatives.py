"""SimCLR's alternatives to NT-Xent, NT-Logistic and the margin triplet loss, on all or the semi-hard negatives of a batch."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def nt_logistic(
    first: Tensor, second: Tensor, temperature: float, negatives: Literal["all", "semi_hard"]
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, compared by their cosine s.
    A row's loss is -log sigmoid(s+ / temperature) minus the mean of log sigmoid(-s- / temperature) over its negatives, or
    that of its semi-hard negative; the loss is the mean over the 2N rows. In float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10.
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The paper does not mention the mean over negatives. A semi-hard negative is any that is farther
    than the positive, because this loss has no margin. A row without one has no negative term, where other
    implementations take the hardest negative: equal projections then have almost no loss, and no gradient.
    """
    with torch.autocast(first.device.type, enabled=False):
        compute_dtype = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(compute_dtype), second.to(compute_dtype))
        negative_terms = weights(positive, similarity, negatives) * F.softplus(similarity / temperature)
        loss = (F.softplus(-positive / temperature).squeeze(1) + negative_terms.sum(1)).mean()
        return loss, nearest_is_positive(positive, similarity)


def margin_triplet(
    first: Tensor, second: Tensor, margin: float, negatives: Literal["all", "semi_hard"]
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, compared by their cosine s.
    A row's loss is the mean of max(s- - s+ + margin, 0) over its negatives, or that of its semi-hard negative (0 without
    one); the loss is the mean over the 2N rows. Computed in float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10; Schroff et al. 2015 (FaceNet).
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The paper does not mention the mean over negatives. A row without a semi-hard negative has loss 0,
    where other implementations take the hardest negative: equal projections then have no loss, and no gradient.
    """
    with torch.autocast(first.device.type, enabled=False):
        compute_dtype = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(compute_dtype), second.to(compute_dtype))
        weight = weights(positive, similarity, negatives, margin)
        loss = (weight * F.relu(similarity - positive + margin)).sum(1).mean()
        return loss, nearest_is_positive(positive, similarity)


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
