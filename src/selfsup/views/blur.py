"""Gaussian blur with one width per view."""

import torch
import torch.nn.functional as F
from torch import Tensor

from selfsup.views.rows import change_rows_

SIGMA_MIN_PX, SIGMA_MAX_PX = 0.1, 2.0


def draw_sigma(examples: int, generator: torch.Generator, *, probability: float) -> Tensor:
    """Return sigma (N,) in pixels, uniform in [0.1, 2], and 0 where a view is not blurred.

    Source: Chen et al. 2020 (SimCLR), appendix A.
    """
    on = torch.rand(examples, generator=generator) < probability
    sigma = SIGMA_MIN_PX + (SIGMA_MAX_PX - SIGMA_MIN_PX) * torch.rand(examples, generator=generator)
    return torch.where(on, sigma, 0.0)


def kernel_px(size_px: int) -> int:
    """Return the width of SimCLR's kernel: an odd number, about a tenth of the image (3 at 32 pixels, 23 at 224)."""
    return 2 * (size_px // 10 // 2) + 1


def blur_(images: Tensor, sigma: Tensor, kernel_px: int) -> Tensor:
    """Blur images (N, C, H, W) by ``sigma`` (N,) pixels, like torchvision's ``gaussian_blur``, in place; 0 is no blur.

    ``kernel_px`` is odd and less than 2 H and 2 W; the border is reflected without repeating the edge pixel.
    """
    return change_rows_(images, sigma > 0, lambda rows, widths: _blurred(rows, widths, kernel_px), sigma)


def _blurred(images: Tensor, sigma: Tensor, kernel_px: int) -> Tensor:
    half = kernel_px // 2
    offset = torch.arange(-half, half + 1, device=images.device)
    weights = torch.softmax(-0.5 * (offset / sigma[:, None]) ** 2, 1)
    padded = F.pad(images, (half, half, half, half), mode="reflect")
    return _weighted_sum(_weighted_sum(padded, weights, 2), weights, 3)


def _weighted_sum(images: Tensor, weights: Tensor, axis: int) -> Tensor:
    """Return the sum over k of weights[:, k] times the images shifted by k pixels along ``axis``, without borders."""
    taps = weights.shape[1]
    length = images.shape[axis] - taps + 1
    total = images.narrow(axis, 0, length) * weights[:, 0, None, None, None]
    for tap in range(1, taps):
        total.addcmul_(images.narrow(axis, tap, length), weights[:, tap, None, None, None])
    return total
