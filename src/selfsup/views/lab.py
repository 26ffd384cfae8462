"""Conversion of a batch between sRGB and CIE Lab, which separates lightness from colour."""

import torch
from torch import Tensor

# sRGB (linear) to XYZ, IEC 61966-2-1, and the D65 white of the 2 degree observer.
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.95047, 1.0, 1.08883)
EPSILON = 0.008856
SLOPE = 7.787


def rgb_to_lab(images: Tensor) -> Tensor:
    """Return Lab (N, 3, H, W), L in [0, 100], a and b within about [-110, 110], of sRGB images (N, 3, H, W) in [0, 1].

    Source: CIE 1976 with the D65 white, with the constants of scikit-image's ``rgb2lab``.
    """
    linear = torch.where(images > 0.04045, ((images + 0.055) / 1.055).clamp(min=0) ** 2.4, images / 12.92)
    xyz = _mixed(linear, _matrix(images)) / _white(images)
    f = torch.where(xyz > EPSILON, xyz.clamp(min=EPSILON) ** (1 / 3), SLOPE * xyz + 16 / 116)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Return sRGB images (N, 3, H, W), clamped to [0, 1], of Lab (N, 3, H, W); colours outside the gamut are clipped."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    f = torch.stack([y + a / 500, y, (y - b / 200).clamp(min=0)], 1)
    xyz = torch.where(f > EPSILON ** (1 / 3), f**3, (f - 16 / 116) / SLOPE) * _white(lab)
    linear = _mixed(xyz, torch.linalg.inv(_matrix(lab)))
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, 12.92 * linear).clamp(0, 1)


def _mixed(images: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix, images)


def _matrix(like: Tensor) -> Tensor:
    return torch.tensor(RGB_TO_XYZ, dtype=like.dtype, device=like.device)


def _white(like: Tensor) -> Tensor:
    return torch.tensor(WHITE, dtype=like.dtype, device=like.device)[:, None, None]
