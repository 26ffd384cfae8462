"""Colour jitter as one affine map of RGB per view: a fast approximation of the exact one."""

import math

import torch
from torch import Tensor

from selfsup.views.color import CONTRAST, SATURATION
from selfsup.views.grayscale import LUMA

# The matrix of the FCC: its first row is luma, the other two span the plane in which hue is an angle.
RGB_TO_YIQ = ((0.299, 0.587, 0.114), (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))


def affine_jitter_(images: Tensor, factors: Tensor, hue: Tensor, order: Tensor) -> Tensor:
    """Jitter images (N, 3, H, W) in [0, 1] by one 3 x 3 matrix and one offset per view and one clamp, in place.

    Arguments are those of ``color.jitter_``; the four operations are multiplied in the order of each view.
    Differs: values are clamped once, not after each operation, and hue is an angle in the I-Q plane of YIQ, not in HSV.
    With the same parameters of SimCLR the mean difference from ``color.jitter_`` is about 0.02 of the range.
    """
    matrix, offset = _composed(images.mean((2, 3)), factors, hue, order)
    mixed = torch.baddbmm(offset, matrix, images.flatten(2)).clamp_(0, 1)
    return images.copy_(mixed.view(images.shape))


def _composed(mean: Tensor, factors: Tensor, hue: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matrix (N, 3, 3) and the offset (N, 3, 1) of each view's four operations; ``mean`` (N, 3) is its mean colour.

    The columns of the state are the matrix, the offset and the current mean colour, which contrast needs.
    """
    weights = torch.tensor(LUMA, device=mean.device)
    operations = _operations(factors, hue, weights)
    rows = torch.arange(len(mean), device=mean.device)
    towards_mean = (1 - factors[:, CONTRAST, None]) * (order == CONTRAST)
    state = torch.cat([torch.eye(3, 4, device=mean.device).expand(len(mean), 3, 4), mean[:, :, None]], 2)
    for step in range(4):
        mean_luma = (state[:, :, 4] @ weights).clamp_(0, 1)
        state = operations[rows, order[:, step]] @ state
        state[:, :, 3:] += (towards_mean[:, step] * mean_luma)[:, None, None]
    return state[:, :, :3], state[:, :, 3:4]


def _operations(factors: Tensor, hue: Tensor, weights: Tensor) -> Tensor:
    """Return the matrices (N, 4, 3, 3) of brightness, contrast, saturation and hue."""
    scaled = factors[:, :, None, None] * torch.eye(3, device=hue.device)
    scaled[:, SATURATION] += (1 - factors[:, SATURATION])[:, None, None] * weights
    return torch.cat([scaled, _hue_matrices(hue)[:, None]], 1)


def _hue_matrices(hue: Tensor) -> Tensor:
    """Return (N, 3, 3): rotations of the I-Q plane away from Q, the direction in which hue goes from red to green to blue."""
    to_yiq = torch.tensor(RGB_TO_YIQ, device=hue.device)
    cosine, sine = torch.cos(2 * math.pi * hue), torch.sin(2 * math.pi * hue)
    turn = torch.zeros(len(hue), 3, 3, device=hue.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = cosine
    turn[:, 1, 2], turn[:, 2, 1] = sine, -sine
    return torch.linalg.inv(to_yiq) @ turn @ to_yiq
