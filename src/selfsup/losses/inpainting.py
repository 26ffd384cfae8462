"""Losses of context encoders: reconstruction of a hole and a band around it, and those of generator and discriminator."""

import torch
from torch import Tensor
from torch.nn import functional as F


def overlap_weights(mask: Tensor, overlap_px: int, overlap_weight: float) -> Tensor:
    """Return weights (N, H, W) float32: 1 in the hole, ``mask`` (N, H, W) bool, ``overlap_weight`` in the band of
    ``overlap_px`` pixels around it (Chebyshev distance), 0 elsewhere."""
    hole = mask.float()
    region = F.max_pool2d(hole[:, None], 2 * overlap_px + 1, stride=1, padding=overlap_px)[:, 0]
    return hole + overlap_weight * (region - hole)


def overlap_reconstruction(prediction: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted squared error of prediction and target (N, 3, H, W) over the predicted region.

    It is the sum of weights (N, H, W) times squared differences, divided by the number of values with a weight above 0.
    Computed in float32 at least, under autocast too.

    Source: Pathak et al. 2016 (Context encoders), equation 1, and section 4 for the overlap.
    Differs: the mean over the region, as in the published code, where equation 1 has the sum.
    """
    compute_dtype = torch.promote_types(prediction.dtype, torch.float32)
    squared = (prediction.to(compute_dtype) - target.to(compute_dtype)).square() * weights[:, None]
    return squared.sum() / ((weights > 0).sum() * prediction.shape[1])


def discriminator_loss(real: Tensor, generated: Tensor) -> Tensor:
    """Return -mean log D(real) - mean log(1 - D(generated)), D the sigmoid of logits (N, 1) each.

    Source: Pathak et al. 2016 (Context encoders), equation 2.
    """
    return F.softplus(-_float32(real)).mean() + F.softplus(_float32(generated)).mean()


def generator_loss(generated: Tensor) -> Tensor:
    """Return -mean log D(generated), D the sigmoid of logits (N, 1).

    Source: Goodfellow et al. 2014, section 3.
    Differs: equation 2 of Pathak et al. 2016 has log(1 - D) here, whose gradient vanishes while the discriminator wins;
    their published code has the form used here.
    """
    return F.softplus(-_float32(generated)).mean()


def _float32(logits: Tensor) -> Tensor:
    """Return logits in float32 at least: under autocast they have 8 bits."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
