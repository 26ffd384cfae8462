"""CLIP: images and captions of a batch find each other, both ways."""

import torch
from torch import Tensor
from torch.nn import functional as F


def clip(image: Tensor, text: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each finds its partner, bool (2N,): images among captions, then captions among images.

    ``image`` and ``text`` (N, D), row by row of the same pair, any lengths; ``log_scale`` the logarithm of what cosines
    are multiplied with, one over the temperature. The loss is the mean of two cross entropies over N ways.
    Computed in float32 at least, under autocast too: at a scale of 100 rounding to bfloat16 moves a logit by 0.25.

    Source: Radford et al. 2021 (CLIP), figure 3.
    """
    precise = torch.promote_types(image.dtype, torch.float32)
    with torch.autocast(image.device.type, enabled=False):
        image, text = (F.normalize(rows.to(precise), dim=1) for rows in (image, text))
        logits = log_scale.to(precise).exp() * (image @ text.T)
        pair = torch.arange(len(image), device=image.device)
        loss = (F.cross_entropy(logits, pair) + F.cross_entropy(logits.T, pair)) / 2
        return loss, torch.cat([logits.argmax(1) == pair, logits.argmax(0) == pair])
