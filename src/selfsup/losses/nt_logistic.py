"""NT-Logistic: each pair of views by itself is told to be one image or two, by a logistic loss."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.losses.negatives import cosines, nearest_is_positive, weights


def nt_logistic(
    first: Tensor, second: Tensor, temperature: float, negatives: Literal["all", "semi_hard"]
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, compared by their cosine s.
    A row's loss is -log sigmoid(s+ / temperature) - log sigmoid(-s- / temperature), the mean over its negatives, or of
    the one semi-hard negative; the loss is the mean over the 2N rows. In float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10.
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The mean over negatives is not said there. A semi-hard negative is any farther than the
    positive, because this loss has no margin.
    """
    with torch.autocast(first.device.type, enabled=False):
        precise = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(precise), second.to(precise))
        of_negatives = weights(positive, similarity, negatives) * F.softplus(similarity / temperature)
        loss = (F.softplus(-positive / temperature).squeeze(1) + of_negatives.sum(1)).mean()
        return loss, nearest_is_positive(positive, similarity)
