"""Holes in images: a central block or several random ones, filled with the mean colour; squares around them."""

import math

import torch
from torch import Tensor


def block_side_px(size_px: int, blocks: int) -> int:
    """Return the side of equal square blocks that together cover at most a quarter of an image."""
    return math.isqrt(size_px**2 // (4 * blocks))


def central_corner(examples: int, size_px: int) -> Tensor:
    """Return (N, 1, 2) int64: the top left pixel of a central block, half as long as the image."""
    start = (size_px - block_side_px(size_px, 1)) // 2
    return torch.full((examples, 1, 2), start)


def draw_corners(examples: int, generator: torch.Generator, *, size_px: int, blocks: int) -> Tensor:
    """Return (N, blocks, 2) int64: row and column of the top left pixel of random blocks, which may overlap.

    Source: Pathak et al. 2016, section 3.3, "random block".
    Differs: all blocks of an image have one size, which the paper does not give, and each image has its own blocks; the
    published code uses one pattern for a whole batch.
    """
    positions = size_px - block_side_px(size_px, blocks) + 1
    return torch.randint(0, positions, (examples, blocks, 2), generator=generator)


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


def middle_square(image: Tensor, fraction: float) -> Tensor:
    """Return a hole (H, W) bool in the middle of an image (1, C, H, W): a square, ``fraction`` of its shorter side long."""
    height, width = image.shape[2:]
    side = max(1, round(fraction * min(height, width)))
    hole = torch.zeros(height, width, dtype=torch.bool, device=image.device)
    hole[(height - side) // 2 :, (width - side) // 2 :][:side, :side] = True
    return hole


def square_around(hole: Tensor, fraction: float) -> tuple[Tensor, Tensor]:
    """Return the rows and the columns (S,) of a square of pixels, centred on a hole (H, W) whose longer side is ``fraction``
    of the square's. They may lie beyond the image."""
    ends = [line.nonzero()[[0, -1], 0].tolist() for line in (hole.any(1), hole.any(0))]
    side = round((max(last - first for first, last in ends) + 1) / fraction)
    rows, columns = (torch.arange(side, device=hole.device) + (first + last + 1 - side) // 2 for first, last in ends)
    return rows, columns


def cut_square(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return these rows and columns (S,) of an image (1, C, H, W), mirrored at its edges: (1, C, S, S)."""
    height, width = image.shape[2:]
    return image[:, :, _mirrored(rows, height)][..., _mirrored(columns, width)]


def paste_square(image: Tensor, square: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return an image (1, C, H, W) with a square (1, C, S, S) at these rows and columns (S,), as far as it has them."""
    inside = [(line >= 0) & (line < size) for line, size in zip((rows, columns), image.shape[2:], strict=True)]
    pasted = image.clone()
    pasted[:, :, rows[inside[0]][:, None], columns[inside[1]]] = square[:, :, inside[0]][..., inside[1]]
    return pasted


def _mirrored(position: Tensor, size: int) -> Tensor:
    """Return positions on a line of ``size`` pixels whose mirror images continue it without end."""
    folded = position % (2 * size)
    return torch.minimum(folded, 2 * size - 1 - folded)
