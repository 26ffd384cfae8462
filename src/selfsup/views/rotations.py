"""Quarter and half turns, and the copies of rotation prediction."""

import torch
from torch import Tensor


def quarter_turns(images: Tensor, turns: Tensor) -> Tensor:
    """Return square images (N, C, H, H) turned by 90 degrees x ``turns`` (N,) in 0..3, counter-clockwise, exactly."""
    turned = images.clone()
    for quarters in (1, 2, 3):
        rows = (turns == quarters).nonzero()[:, 0]
        turned[rows] = torch.rot90(images[rows], quarters, (2, 3))
    return turned


def all_quarter_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return square images (4N, C, H, H) and labels (4N,): image i turned by 0, 90, 180, 270 degrees is rows 4i..4i+3.

    Source: Gidaris et al. 2018 (RotNet), section 3.1: a batch holds all four copies of its images.
    """
    turned = torch.stack([torch.rot90(images, quarters, (2, 3)) for quarters in range(4)], 1).flatten(0, 1)
    labels = torch.arange(4, device=images.device).repeat(len(images))
    return turned, labels


def all_half_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (2N, C, H, W) and labels (2N,): image i turned by 0 and 180 degrees is rows 2i and 2i + 1.

    Source: Gidaris et al. 2018 (RotNet), table 2.
    """
    turned = torch.stack([images, torch.rot90(images, 2, (2, 3))], 1).flatten(0, 1)
    return turned, torch.arange(2, device=images.device).repeat(len(images))
