"""A 3 x 3 grid of patches of an image: their corners, their pixels, and normalisation of each patch by itself."""

import torch
from torch import Tensor

SIDE = 3
PATCHES = SIDE**2
MEAN = 0.5
STD = 0.2  # 2.5 standard deviations on either side of the mean fit in [0, 1]
MIN_STD = 1 / 255  # one grey level: a flat patch stays flat


def grid_extent_px(patch_px: int, pitch_px: int, room_px: int) -> int:
    """Return the side in pixels of the square that contains every grid of ``draw_corners``."""
    return (SIDE - 1) * pitch_px + patch_px + room_px


def draw_corners(
    examples: int, generator: torch.Generator, *, size_px: int, patch_px: int, pitch_px: int, room_px: int
) -> Tensor:
    """Return corners (N, P, 2) int64 of P = 9 patches in reading order: top and left in pixels.

    The grid is anywhere in an image of ``size_px``, its cells ``pitch_px`` apart; each patch is shifted in its cell by
    0 to ``room_px`` along each axis independently. The gap between neighbours is thus ``pitch_px - patch_px``, plus or
    minus ``room_px``. The image must have ``grid_extent_px`` or more.

    Source: Doersch et al. 2015, section 4; Noroozi & Favaro 2016, section 4.2.
    """
    free_px = size_px - grid_extent_px(patch_px, pitch_px, room_px)
    start = torch.randint(free_px + 1, (examples, 1, 2), generator=generator)
    move = torch.randint(room_px + 1, (examples, PATCHES, 2), generator=generator)
    row_and_column = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE))
    return start + row_and_column * pitch_px + move


def cut(images: Tensor, corners: Tensor, patch_px: int) -> Tensor:
    """Return patches (N, P, C, ``patch_px``, ``patch_px``) of images (N, C, H, W): their pixels, unchanged.

    ``corners`` (N, P, 2) are those of ``draw_corners``.
    """
    inside = torch.arange(patch_px, device=images.device)
    rows = corners[:, :, 0, None, None] + inside[:, None]
    columns = corners[:, :, 1, None, None] + inside
    example = torch.arange(len(images), device=images.device)[:, None, None, None]
    return images[example, :, rows, columns].movedim(-1, 2)


def normalised(patches: Tensor) -> Tensor:
    """Return each patch (N, P, C, H, W) with mean 0.5 and standard deviation 0.2, clipped to [0, 1].

    Mean and standard deviation are over all pixels and channels of the patch: this removes brightness and contrast and
    keeps the relations between its colours. A patch that varies by less than a grey level stays almost flat.

    Source: Noroozi & Favaro 2016, section 4.2: each tile by itself, because mean and standard deviation would give away
    neighbours.
    Differs: a tile has mean 0.5 and standard deviation 0.2, not 0 and 1 as in the paper, because the encoder takes images
    in [0, 1]; values more than 2.5 standard deviations from the mean are clipped.
    """
    axes = (-3, -2, -1)
    mean = patches.mean(axes, keepdim=True)
    std = patches.std(axes, correction=0, keepdim=True).clamp(min=MIN_STD)
    return ((patches - mean) * (STD / std) + MEAN).clamp(0, 1)
