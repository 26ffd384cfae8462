"""A grid of overlapping patches, each a slightly smaller random subcrop, padded to the size of the patch."""

import torch
from torch import Tensor
from torch.nn import functional as F

PADDING = 0.5  # mid-grey, zero after an encoder's normalisation


def grid_size(image_px: int, patch_px: int, stride_px: int) -> int:
    """Return how many patches of ``patch_px`` pixels, ``stride_px`` apart, fit along ``image_px`` pixels."""
    return (image_px - patch_px) // stride_px + 1


def draw_shift(examples: int, grid: int, max_px: int, generator: torch.Generator) -> Tensor:
    """Return (N, R, C, 2) int64: the offset of each subcrop down and right in its patch, 0 to ``max_px`` pixels.

    R = C = ``grid``.
    """
    return torch.randint(0, max_px + 1, (examples, grid, grid, 2), generator=generator)


def patch_grid(images: Tensor, shift: Tensor, *, patch_px: int, stride_px: int, subcrop_px: int) -> Tensor:
    """Return patches (N, R, C, 3, patch_px, patch_px) of images (N, 3, H, W), with subcrops at ``shift``.

    ``shift`` (N, R, C, 2) is of ``draw_shift``, at most ``patch_px - subcrop_px``. The subcrop of ``subcrop_px`` is centred
    in its patch and padded with grey, as equally on all four sides as possible.

    Source: van den Oord et al. 2018 (CPC), section 3.3: 64 px crops with 32 px overlap, 60 px subcrops padded to 64.
    """
    examples, rows, columns, _ = shift.shape
    within = torch.arange(subcrop_px, device=images.device)
    top = stride_px * torch.arange(rows, device=images.device)[:, None] + shift[..., 0]
    left = stride_px * torch.arange(columns, device=images.device) + shift[..., 1]
    y, x = top[..., None] + within, left[..., None] + within  # (N, R, C, subcrop_px)
    number = torch.arange(examples, device=images.device).view(-1, 1, 1, 1, 1)
    subcrops = images.permute(0, 2, 3, 1)[number, y[..., :, None], x[..., None, :]].movedim(-1, 3)
    before = (patch_px - subcrop_px) // 2
    after = patch_px - subcrop_px - before
    return F.pad(subcrops, (before, after, before, after), value=PADDING)
