"""The pixelwise contrastive loss: descriptors of matches are pulled together, those of non-matches pushed apart."""

import torch
from torch import Tensor


def match_loss(first: Tensor, second: Tensor, counts: Tensor) -> Tensor:
    """Return the mean squared distance of descriptors (..., D) over matches, weighted by ``counts`` (...); 0 without any.

    Source: Florence et al. 2018 (Dense Object Nets), section 3.
    """
    with torch.autocast(first.device.type, enabled=False):
        squared = _difference(first, second).square().sum(-1)
        return (squared * counts).sum() / counts.sum().clamp(min=1)


def non_match_sums(first: Tensor, second: Tensor, counts: Tensor, margin: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the sum of max(margin - distance, 0)^2 over non-matches, the number of hard ones, and the number of all.

    Descriptors are (..., D), broadcast against each other; ``counts`` is 1 where a non-match counts, else 0. A non-match
    is hard if it is nearer than the margin; beyond the margin its gradient is zero. A loss divides the sums of all kinds
    of non-matches by their joint number: of hard ones, so that many easy ones do not dilute the gradient, or of all.

    Source: Florence et al. 2018 (Dense Object Nets), section 3, with hard-negative scaling; the authors' published code
    for the joint divisor.
    Differs: non-matches are counted over a batch of pairs; the paper's batch is one pair.
    """
    with torch.autocast(first.device.type, enabled=False):
        distance = torch.linalg.vector_norm(_difference(first, second), dim=-1)
        short = (margin - distance).clamp(min=0) * counts
        return short.square().sum(), (short > 0).sum(), counts.expand_as(short).sum()


def _difference(first: Tensor, second: Tensor) -> Tensor:
    compute_dtype = torch.promote_types(first.dtype, torch.float32)
    return first.to(compute_dtype) - second.to(compute_dtype)
