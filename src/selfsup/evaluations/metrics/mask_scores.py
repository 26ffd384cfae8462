"""How well a mask fits: region similarity J and contour accuracy F, as DAVIS defines them."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

TOLERANCE = 0.008  # of the image's diagonal


def region_similarity(predicted: Tensor, true: Tensor) -> Tensor:
    """Return J (M,) of masks (M, H, W) bool: intersection over union, 1 where both are empty.

    Source: Perazzi et al. 2016 (DAVIS), section 4, and its published code.
    """
    union = (predicted | true).sum((1, 2))
    return torch.where(union > 0, (predicted & true).sum((1, 2)) / union.clamp(min=1), 1.0)


def contour_accuracy(predicted: Tensor, true: Tensor) -> Tensor:
    """Return F (M,) of masks (M, H, W) bool: the harmonic mean of precision and recall of the contours' pixels.

    A pixel is right if the other contour has one within TOLERANCE of the image's diagonal, rounded up. Two empty
    contours agree; an empty one and another do not.

    Source: Perazzi et al. 2016 (DAVIS), section 4, and its published code.
    """
    radius_px = math.ceil(TOLERANCE * math.hypot(*predicted.shape[1:]))
    ours, theirs = contour(predicted), contour(true)
    precision = _matched(ours, dilated(theirs, radius_px))
    recall = _matched(theirs, dilated(ours, radius_px))
    total = precision + recall
    return torch.where(total > 0, 2 * precision * recall / total.clamp(min=1e-12), 0.0)


def contour(mask: Tensor) -> Tensor:
    """Return the pixels (M, H, W) that differ from their neighbour to the right, below, or below and right.

    The last row looks to the right only, the last column down only.
    """
    padded = F.pad(mask[:, None].float(), (0, 1, 0, 1), mode="replicate")[:, 0] > 0.5
    right, below, across = padded[:, :-1, 1:], padded[:, 1:, :-1], padded[:, 1:, 1:]
    return (mask ^ right) | (mask ^ below) | (mask ^ across)


def dilated(mask: Tensor, radius_px: int) -> Tensor:
    """Return the pixels within a disk's radius of a pixel of masks (M, H, W)."""
    offset = torch.arange(-radius_px, radius_px + 1, device=mask.device)
    disk = (offset[:, None] ** 2 + offset**2 <= radius_px**2).float()
    return F.conv2d(mask[:, None].float(), disk[None, None], padding=radius_px)[:, 0] > 0.5


def _matched(pixels: Tensor, near_other: Tensor) -> Tensor:
    """Return the share (M,) of pixels that are near the other contour, 1 where there are none."""
    count = pixels.sum((1, 2))
    return torch.where(count > 0, (pixels & near_other).sum((1, 2)) / count.clamp(min=1), 1.0)
