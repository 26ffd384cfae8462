"""Turns by multiples of 45 degrees, made so that neither corners nor interpolation tell the angle."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.blur import blur_
from selfsup.views.rotations import all_quarter_turns

BLUR_SIGMA_PX, BLUR_KERNEL_PX = 0.8, 7


def all_eighth_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (8N, C, H, H) and labels (8N,): the centre of image i, turned by 45 degrees x k, is row 8i + k.

    ``images`` (N, C, H, H) float in [0, 1], H at least 4. Counter-clockwise; rows k and k + 2 are an exact quarter turn
    apart.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and table 2: eight directions, the multiples of 45 degrees.
    Differs: the paper does not say what it does with corners and interpolation, and suspects that they leave artefacts.
    Here all eight directions show the central square that stays inside the image however it is turned, of side
    H / sqrt 2, enlarged to H; and the image is blurred (sigma 0.8 pixels) first, so that sampling it between pixels
    takes the same from all directions.
    """
    sigma = torch.full((len(images),), BLUR_SIGMA_PX, device=images.device)
    smooth = blur_(images.clone(), sigma, BLUR_KERNEL_PX)
    both = torch.stack([_central_square(smooth, angle_deg) for angle_deg in (0, 45)], 1)
    turned, _ = all_quarter_turns(both.flatten(0, 1))
    by_angle = turned.unflatten(0, (-1, 2, 4)).transpose(1, 2).flatten(0, 2)
    return by_angle, torch.arange(8, device=images.device).repeat(len(images))


def _central_square(images: Tensor, angle_deg: float) -> Tensor:
    """Return images (N, C, H, H) turned counter-clockwise, the square of side H / sqrt 2 around the centre, at H."""
    cosine, sine = (function(math.radians(angle_deg)) / math.sqrt(2) for function in (math.cos, math.sin))
    into_image = images.new_tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]]).expand(len(images), 2, 3)
    places = F.affine_grid(into_image, list(images.shape), align_corners=False)
    sampled = F.grid_sample(images, places, mode="bicubic", padding_mode="reflection", align_corners=False)
    return sampled.clamp(0, 1)  # a cubic overshoots at edges
