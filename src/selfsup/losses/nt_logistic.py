"""NT-Logistic: a logistic loss classifies each pair of views as the same image or two images."""

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
    A row's loss is -log sigmoid(s+ / temperature) minus the mean of log sigmoid(-s- / temperature) over its negatives, or
    that of its semi-hard negative; the loss is the mean over the 2N rows. In float32 at least, under autocast too.

    Source: Chen et al. 2020 (SimCLR), table 2, section 5.1 and appendix B.10.
    Differs: negatives are the 2(N - 1) of both views, as NT-Xent's are here; the paper's comparison takes those of one
    view for all losses. The paper does not mention the mean over negatives. A semi-hard negative is any that is farther
    than the positive, because this loss has no margin.
    """
    with torch.autocast(first.device.type, enabled=False):
        compute_dtype = torch.promote_types(first.dtype, torch.float32)
        positive, similarity = cosines(first.to(compute_dtype), second.to(compute_dtype))
        negative_terms = weights(positive, similarity, negatives) * F.softplus(similarity / temperature)
        loss = (F.softplus(-positive / temperature).squeeze(1) + negative_terms.sum(1)).mean()
        return loss, nearest_is_positive(positive, similarity)
