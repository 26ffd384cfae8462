"""The margin triplet loss: a positive must be nearer than a negative by a margin."""

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
    A row's loss is max(s- - s+ + margin, 0), the mean over its negatives, or of the one semi-hard negative, where
    there is none 0; the loss is the mean over the 2N rows. In float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10; Schroff et al. 2015 (FaceNet).
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The mean over negatives is not said there.
    """
    with torch.autocast(first.device.type, enabled=False):
        precise = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(precise), second.to(precise))
        counted = weights(positive, similarity, negatives, margin)
        loss = (counted * F.relu(similarity - positive + margin)).sum(1).mean()
        return loss, nearest_is_positive(positive, similarity)
