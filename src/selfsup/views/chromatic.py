"""Removal of chromatic aberration, from which a network could infer the position of a patch in the image."""

import torch
from torch import Tensor

GREEN_MAGENTA = (-1.0, 2.0, -1.0)
NOISE_FRACTION = 0.01


def dropped(patches: Tensor, kept: Tensor, noise: Tensor) -> Tensor:
    """Return patches (N, P, 3, H, W) with only their channel ``kept`` (N, P) in 0..2, the others replaced by noise.

    ``noise`` (N, P, 3, H, W) has mean 0 and variance 1; it is scaled to 1/100 of the kept channel's standard deviation
    and added to that channel's mean.

    Source: Doersch et al. 2015, section 3.2, "color dropping".
    """
    channel = patches.gather(2, kept[:, :, None, None, None].expand_as(patches[:, :, :1]))
    mean = channel.mean((-2, -1), keepdim=True)
    std = channel.std((-2, -1), correction=0, keepdim=True)
    is_kept = torch.arange(3, device=patches.device) == kept[:, :, None]
    return torch.where(is_kept[..., None, None], patches, mean + NOISE_FRACTION * std * noise)


def projected(patches: Tensor) -> Tensor:
    """Return patches (N, P, 3, H, W) without their component along the green-magenta axis; greys are unchanged.

    The result may leave [0, 1].

    Source: Doersch et al. 2015, section 3.2, "projection": B = I - a'a / aa' with a = [-1, 2, -1].
    """
    axis = torch.tensor(GREEN_MAGENTA, dtype=patches.dtype, device=patches.device)
    along = torch.einsum("c,npchw->nphw", axis, patches) / axis.dot(axis)
    return patches - along[:, :, None] * axis[:, None, None]
