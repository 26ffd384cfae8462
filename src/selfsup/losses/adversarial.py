"""Losses of a discriminator and a generator, from the discriminator's logits of real and generated images."""

import torch
from torch import Tensor
from torch.nn import functional as F


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
