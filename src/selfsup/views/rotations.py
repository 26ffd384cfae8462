"""The rotated copies of rotation prediction: exact by multiples of 90 degrees, and free of artefacts by 45."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.blur import blur_

BLUR_SIGMA_PX, BLUR_KERNEL_PX = 0.8, 7


def all_rotations_90(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return square images (4N, C, H, H) and labels (4N,): image i rotated by 0, 90, 180, 270 degrees is rows 4i..4i+3.

    Source: Gidaris et al. 2018 (RotNet), section 3.1: a batch holds all four copies of its images.
    """
    rotated = torch.stack([torch.rot90(images, quarters, (2, 3)) for quarters in range(4)], 1).flatten(0, 1)
    labels = torch.arange(4, device=images.device).repeat(len(images))
    return rotated, labels


def all_rotations_180(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (2N, C, H, W) and labels (2N,): image i rotated by 0 and 180 degrees is rows 2i and 2i + 1.

    Source: Gidaris et al. 2018 (RotNet), table 2.
    """
    rotated = torch.stack([images, torch.rot90(images, 2, (2, 3))], 1).flatten(0, 1)
    return rotated, torch.arange(2, device=images.device).repeat(len(images))


def all_rotations_45(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (8N, C, H, H) and labels (8N,): the centre of image i, rotated by 45 degrees x k, is row 8i + k.

    ``images`` (N, C, H, H) float in [0, 1], H at least 4. Counter-clockwise; rows k and k + 2 differ by exactly 90
    degrees.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and table 2: eight directions, the multiples of 45 degrees.
    Differs: the paper does not describe its corners and interpolation, and suspects artefacts. Here all eight directions
    show the central square of the blurred image.
    """
    both = torch.stack([central_square(images, angle_deg) for angle_deg in (0, 45)], 1)
    rotated, _ = all_rotations_90(both.flatten(0, 1))
    by_angle = rotated.unflatten(0, (-1, 2, 4)).transpose(1, 2).flatten(0, 2)
    return by_angle, torch.arange(8, device=images.device).repeat(len(images))


def central_square(images: Tensor, angle_deg: float = 0.0) -> Tensor:
    """Return the central squares of images (N, C, H, H) in [0, 1], rotated counter-clockwise and enlarged to H.

    Their side is H / sqrt 2, so they stay inside the image at every angle; the image is blurred (sigma 0.8 pixels) first, so
    that interpolation removes the same detail at all angles.
    """
    sigma = torch.full((len(images),), BLUR_SIGMA_PX, device=images.device)
    smooth = blur_(images.clone(), sigma, BLUR_KERNEL_PX)
    cosine, sine = (function(math.radians(angle_deg)) / math.sqrt(2) for function in (math.cos, math.sin))
    into_image = images.new_tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]]).expand(len(images), 2, 3)
    positions = F.affine_grid(into_image, list(images.shape), align_corners=False)
    sampled = F.grid_sample(smooth, positions, mode="bicubic", padding_mode="reflection", align_corners=False)
    return sampled.clamp(0, 1)  # bicubic interpolation overshoots at edges
