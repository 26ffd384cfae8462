"""Plain colours around a pixel: what can be matched without learning anything."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def colour_patches(image: Tensor, patch_px: int) -> Tensor:
    """Return a map (3 ``patch_px`` ^ 2, H, W) in [0, 1] of an image uint8 (3, H, W): the colours around each pixel.

    Beyond the border stands the border's own pixel.
    """
    before, after = (patch_px - 1) // 2, patch_px // 2
    padded = F.pad(image[None].float() / 255, (before, after, before, after), mode="replicate")
    return F.unfold(padded, patch_px).view(-1, *image.shape[1:])


def random_places(count: int, size: Sequence[int], generator: torch.Generator) -> Tensor:
    """Return the centres (count, 2), x y, of random pixels of an image of ``size`` H, W: chance."""
    height, width = size
    column = torch.randint(width, (count,), generator=generator)
    row = torch.randint(height, (count,), generator=generator)
    return torch.stack([column, row], 1) + 0.5
