"""Patches of an image: 3 x 3 grids with gaps, normalised and without chromatic aberration, and grids that overlap."""

import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 3
PATCHES = SIDE**2
MEAN = 0.5
STD = 0.2  # 2.5 standard deviations on either side of the mean are in [0, 1], the range of images
MIN_STD = 1 / 255  # one grey level: a flat patch stays flat
GREEN_MAGENTA = (-1.0, 2.0, -1.0)
NOISE_FRACTION = 0.01
PADDING = 0.5  # mid-grey, zero after an encoder's normalisation


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
    shift = torch.randint(room_px + 1, (examples, PATCHES, 2), generator=generator)
    row_and_column = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE))
    return start + row_and_column * pitch_px + shift


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
    """Return each patch (..., C, H, W) with mean 0.5 and standard deviation 0.2; values may leave [0, 1].

    Mean and standard deviation are over all pixels and channels of the patch: this removes brightness and contrast and
    keeps the relations between its colours. A patch that varies by less than a grey level stays almost flat.

    Source: Noroozi & Favaro 2016, section 4.2: each tile by itself, because mean and standard deviation would give away
    neighbours.
    Differs: a tile has mean 0.5 and standard deviation 0.2, not 0 and 1 as in the paper, because the encoder takes images
    in [0, 1].
    """
    axes = (-3, -2, -1)
    centred = patches - patches.mean(axes, keepdim=True)
    std = centred.square().mean(axes, keepdim=True).sqrt().clamp(min=MIN_STD)  # faster than torch's std over three axes
    return centred * (STD / std) + MEAN


def keep_one_channel(patches: Tensor, kept: Tensor, noise: Tensor) -> Tensor:
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


def without_green_magenta(patches: Tensor) -> Tensor:
    """Return patches (N, P, 3, H, W) without their component along the green-magenta axis; greys are unchanged.

    The result may leave [0, 1].

    Source: Doersch et al. 2015, section 3.2, "projection": B = I - a'a / aa' with a = [-1, 2, -1].
    """
    axis = torch.tensor(GREEN_MAGENTA, dtype=patches.dtype, device=patches.device)
    along = torch.einsum("c,npchw->nphw", axis, patches) / axis.dot(axis)
    return patches - along[:, :, None] * axis[:, None, None]


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

    Source: van den Oord et al. 2018 (CPC), section 3.2: 64 px crops with 32 px overlap, 60 px subcrops padded to 64.
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
