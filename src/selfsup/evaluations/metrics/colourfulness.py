"""Colourfulness: how far the colours of an image lie from grey and from each other, as people judge it."""

import torch
from torch import Tensor

MEAN_WEIGHT = 0.3


def colourfulness(images: Tensor) -> Tensor:
    """Return M (N,) of uint8 images (N, 3, H, W): 0 for a grey one, about 15 slightly, 109 extremely colourful.

    Source: Hasler & Suesstrunk 2003 (Measuring colourfulness in natural images), section 7.
    """
    red, green, blue = images.double().flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])
    spread = (opponents.std(2, correction=0) ** 2).sum(0).sqrt()
    return spread + MEAN_WEIGHT * (opponents.mean(2) ** 2).sum(0).sqrt()
