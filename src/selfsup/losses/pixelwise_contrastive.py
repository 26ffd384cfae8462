"""The pixelwise contrastive loss: descriptors of a match lie together, those of a non-match a margin apart."""

import torch
from torch import Tensor


def match_loss(first: Tensor, second: Tensor, counts: Tensor) -> Tensor:
    """Return the mean squared distance of descriptors (..., D) over the matches that count (...); 0 where none does.

    Source: Florence et al. 2018 (Dense Object Nets), section 3.
    """
    with torch.autocast(first.device.type, enabled=False):
        squared = _difference(first, second).square().sum(-1)
        return (squared * counts).sum() / counts.sum().clamp(min=1)


def non_match_loss(
    first: Tensor, second: Tensor, counts: Tensor, margin: float, hard_negative_scaling: bool
) -> tuple[Tensor, Tensor]:
    """Return the mean of max(margin - distance, 0)^2 over non-matches, and the share of hard ones among those that count.

    Descriptors are (..., D), broadcast against each other. A non-match is hard where it is nearer than the margin; beyond
    it the gradient is zero. With ``hard_negative_scaling`` the sum is divided by the number of hard ones, so that the
    many easy ones do not thin out what is left to learn, else by that of all that count; 0 where there is none.

    Source: Florence et al. 2018 (Dense Object Nets), section 3, with hard-negative scaling.
    Differs: the hard ones are counted over a batch of pairs, where the paper's batch is one pair.
    """
    with torch.autocast(first.device.type, enabled=False):
        distance = torch.linalg.vector_norm(_difference(first, second), dim=-1)
        short = (margin - distance).clamp(min=0) * counts
        hard = (short > 0).sum()
        total = counts.expand_as(short).sum()
        divisor = hard if hard_negative_scaling else total
        return short.square().sum() / divisor.clamp(min=1), hard / total.clamp(min=1)


def _difference(first: Tensor, second: Tensor) -> Tensor:
    precise = torch.promote_types(first.dtype, torch.float32)
    return first.to(precise) - second.to(precise)
