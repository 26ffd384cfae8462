"""The two sides of an adversarial game, from the discriminator's logits of real and of made images."""

import torch
from torch import Tensor
from torch.nn import functional as F


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """Return -mean log D(real) - mean log(1 - D(made)), D the sigmoid of logits (N, 1) each.

    Source: Pathak et al. 2016 (Context encoders), equation 2.
    """
    return F.softplus(-_precise(real)).mean() + F.softplus(_precise(made)).mean()


def generator_loss(made: Tensor) -> Tensor:
    """Return -mean log D(made), D the sigmoid of logits (N, 1).

    Source: Goodfellow et al. 2014, section 3.
    Differs: equation 2 of Pathak et al. 2016 has log(1 - D) here, whose gradient vanishes while the discriminator wins;
    their published code has this form too.
    """
    return F.softplus(-_precise(made)).mean()


def _precise(logits: Tensor) -> Tensor:
    """Return logits in float32 at least: under autocast they come with 8 bits."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
