"""The margin triplet loss: each positive must be nearer than a negative by a margin."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.losses.negatives import cosines, nearest_is_positive, weights


def margin_triplet(
    first: Tensor, second: Tensor, margin: float, negatives: Literal["all", "semi_hard"]
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, compared by their cosine s.
    A row's loss is the mean of max(s- - s+ + margin, 0) over its negatives, or that of its semi-hard negative (0 without
    one); the loss is the mean over the 2N rows. Computed in float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10; Schroff et al. 2015 (FaceNet).
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The paper does not mention the mean over negatives.
    """
    with torch.autocast(first.device.type, enabled=False):
        compute_dtype = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(compute_dtype), second.to(compute_dtype))
        weight = weights(positive, similarity, negatives, margin)
        loss = (weight * F.relu(similarity - positive + margin)).sum(1).mean()
        return loss, nearest_is_positive(positive, similarity)
