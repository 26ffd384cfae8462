"""CLIP's symmetric cross entropy between the images and the captions of a batch."""

import torch
from torch import Tensor
from torch.nn import functional as F


def clip(image: Tensor, text: Tensor, logit_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each retrieves its pair, bool (2N,): captions by images, then images by captions.

    ``image`` and ``text`` (N, D) are paired row by row and need not be normalised; ``logit_scale`` is the logarithm of
    the factor of the cosines, one over the temperature. The loss is the mean of two N-way cross entropies. Computed in
    float32 at least, under autocast too: at a scale of 100 rounding to bfloat16 changes a logit by 0.25.

    Source: Radford et al. 2021 (CLIP), figure 3.
    """
    compute_dtype = torch.promote_types(image.dtype, torch.float32)
    with torch.autocast(image.device.type, enabled=False):
        image, text = (F.normalize(rows.to(compute_dtype), dim=1) for rows in (image, text))
        logits = logit_scale.to(compute_dtype).exp() * (image @ text.T)
        pair = torch.arange(len(image), device=image.device)
        loss = (F.cross_entropy(logits, pair) + F.cross_entropy(logits.T, pair)) / 2
        return loss, torch.cat([logits.argmax(1) == pair, logits.argmax(0) == pair])
