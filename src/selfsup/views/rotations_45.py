"""Rotations by multiples of 45 degrees whose corners and interpolation do not reveal the angle."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.blur import blur_
from selfsup.views.rotations import all_rotations_90

BLUR_SIGMA_PX, BLUR_KERNEL_PX = 0.8, 7


def all_rotations_45(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (8N, C, H, H) and labels (8N,): the centre of image i, rotated by 45 degrees x k, is row 8i + k.

    ``images`` (N, C, H, H) float in [0, 1], H at least 4. Counter-clockwise; rows k and k + 2 differ by exactly 90
    degrees.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and table 2: eight directions, the multiples of 45 degrees.
    Differs: the paper does not describe its corners and interpolation, and suspects artefacts. Here all eight directions
    show the central square of side H / sqrt 2, which stays inside the image at every angle, enlarged to H; the image is
    blurred (sigma 0.8 pixels) first, so that interpolation removes the same detail in all directions.
    """
    sigma = torch.full((len(images),), BLUR_SIGMA_PX, device=images.device)
    smooth = blur_(images.clone(), sigma, BLUR_KERNEL_PX)
    both = torch.stack([_central_square(smooth, angle_deg) for angle_deg in (0, 45)], 1)
    rotated, _ = all_rotations_90(both.flatten(0, 1))
    by_angle = rotated.unflatten(0, (-1, 2, 4)).transpose(1, 2).flatten(0, 2)
    return by_angle, torch.arange(8, device=images.device).repeat(len(images))


def _central_square(images: Tensor, angle_deg: float) -> Tensor:
    """Return the central squares of side H / sqrt 2 of images (N, C, H, H), rotated counter-clockwise and enlarged to H."""
    cosine, sine = (function(math.radians(angle_deg)) / math.sqrt(2) for function in (math.cos, math.sin))
    into_image = images.new_tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]]).expand(len(images), 2, 3)
    positions = F.affine_grid(into_image, list(images.shape), align_corners=False)
    sampled = F.grid_sample(images, positions, mode="bicubic", padding_mode="reflection", align_corners=False)
    return sampled.clamp(0, 1)  # bicubic interpolation overshoots at edges
