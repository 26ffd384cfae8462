"""A 3 x 3 grid of patches cut from an image: where they lie, their pixels, and each normalised by itself."""

import torch
from torch import Tensor

SIDE = 3
PATCHES = SIDE**2
MEAN = 0.5
STD = 0.2  # of the range [0, 1]: 2.5 standard deviations either side fit in it
LEAST_STD = 1 / 255  # one grey level: a flat patch stays flat


def grid_extent_px(patch_px: int, pitch_px: int, room_px: int) -> int:
    """Return the side in pixels of the square that holds every grid of ``draw_corners``."""
    return (SIDE - 1) * pitch_px + patch_px + room_px


def draw_corners(
    examples: int, generator: torch.Generator, *, size_px: int, patch_px: int, pitch_px: int, room_px: int
) -> Tensor:
    """Return corners (N, P, 2) int64 of P = 9 patches in reading order: top and left in pixels.

    The grid lies anywhere in an image of ``size_px``, its cells ``pitch_px`` apart; in its cell each patch is moved by
    0 to ``room_px`` along each axis by itself. Neighbours are thus ``pitch_px - patch_px`` apart, ``room_px`` more or
    less. The image must have ``grid_extent_px`` or more.

    Source: Doersch et al. 2015, section 4; Noroozi & Favaro 2016, section 4.2.
    """
    free_px = size_px - grid_extent_px(patch_px, pitch_px, room_px)
    start = torch.randint(free_px + 1, (examples, 1, 2), generator=generator)
    move = torch.randint(room_px + 1, (examples, PATCHES, 2), generator=generator)
    row_and_column = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE))
    return start + row_and_column * pitch_px + move


def cut(images: Tensor, corners: Tensor, patch_px: int) -> Tensor:
    """Return patches (N, P, C, ``patch_px``, ``patch_px``) of images (N, C, H, W): their pixels, unchanged.

    ``corners`` (N, P, 2) as of ``draw_corners``.
    """
    inside = torch.arange(patch_px, device=images.device)
    rows = corners[:, :, 0, None, None] + inside[:, None]
    columns = corners[:, :, 1, None, None] + inside
    example = torch.arange(len(images), device=images.device)[:, None, None, None]
    return images[example, :, rows, columns].movedim(-1, 2)


def normalised(patches: Tensor) -> Tensor:
    """Return each patch (N, P, C, H, W) with the mean 0.5 and the standard deviation 0.2, cut off at 0 and 1.

    Mean and standard deviation are those over all pixels and channels of the patch, which takes brightness and contrast
    away from it and leaves the relation of its colours; a patch that varies by less than a grey level stays almost flat.

    Source: Noroozi & Favaro 2016, section 4.2: each tile by itself, without which its mean and standard deviation tell
    neighbours.
    Differs: a tile's mean becomes 0.5 and its standard deviation 0.2, where the paper has 0 and 1, because the encoder
    takes images in [0, 1]; what lies more than 2.5 standard deviations from the mean is cut off.
    """
    axes = (-3, -2, -1)
    mean = patches.mean(axes, keepdim=True)
    std = patches.std(axes, correction=0, keepdim=True).clamp(min=LEAST_STD)
    return ((patches - mean) * (STD / std) + MEAN).clamp(0, 1)
