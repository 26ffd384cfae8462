"""Holes in images: a central block or several random ones, filled with the mean colour."""

import math

import torch
from torch import Tensor


def block_side_px(size_px: int, blocks: int) -> int:
    """Return the side of each of several equal square blocks that together cover at most a quarter of an image."""
    return math.isqrt(size_px**2 // (4 * blocks))


def central_corner(examples: int, size_px: int) -> Tensor:
    """Return (N, 1, 2) int64: the top left pixel of one central block, half as long as the image, for every image."""
    start = (size_px - block_side_px(size_px, 1)) // 2
    return torch.full((examples, 1, 2), start)


def draw_corners(examples: int, generator: torch.Generator, *, size_px: int, blocks: int) -> Tensor:
    """Return (N, blocks, 2) int64: row and column of the top left pixel of random blocks, which may overlap.

    Source: Pathak et al. 2016, section 3.3, "random block".
    Differs: all blocks of an image have one size, which the paper does not give, and each image has its own blocks; the
    published code uses one pattern for a whole batch.
    """
    room = size_px - block_side_px(size_px, blocks) + 1
    return torch.randint(0, room, (examples, blocks, 2), generator=generator)


def hole_mask(corners: Tensor, size_px: int) -> Tensor:
    """Return (N, H, W) bool: whether a pixel is in one of the blocks with ``corners`` (N, blocks, 2)."""
    side = block_side_px(size_px, corners.shape[1])
    offset = torch.arange(size_px, device=corners.device) - corners[..., None]
    rows, columns = ((offset >= 0) & (offset < side)).unbind(2)
    return (rows[..., :, None] & columns[..., None, :]).any(1)


def mean_filled(images: Tensor, mask: Tensor) -> Tensor:
    """Return float images (N, 3, H, W) with their holes, ``mask`` (N, H, W), filled with the mean colour of their context.

    The pixels of the hole do not enter the mean. An image without context becomes black.
    """
    context = ~mask[:, None]
    count = context.sum((2, 3), keepdim=True).clamp(min=1)
    mean = (images * context).sum((2, 3), keepdim=True) / count
    return torch.where(context, images, mean)
