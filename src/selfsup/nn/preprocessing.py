"""What imported weights expect of an image: its size, and the mean and standard deviation of each channel."""

from typing import Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError


def preprocess_as(
    x: Tensor,
    *,
    mean: list[float],
    std: list[PositiveFloat],
    resize_px: PositiveInt | None = None,
    crop_px: PositiveInt | None = None,
    interpolation: Literal["bilinear", "bicubic"] = "bilinear",
) -> Tensor:
    """Return float (N, 3, H', W'), channels last, of images (N, 3, H, W), uint8 or float in [0, 1].

    The shorter side is resized to ``resize_px``, antialiased, the centre of ``crop_px`` squared cut out, ``mean``
    subtracted, and the rest divided by ``std``. None leaves the size as it is.
    Raises InputError for an image smaller than the crop, and where mean or std are not of three channels.
    """
    if len(mean) != 3 or len(std) != 3:
        raise InputError("preprocessing.mean and preprocessing.std must have three values, one a channel")
    x = x[:, :3].float() / 255 if x.dtype == torch.uint8 else x[:, :3]
    if resize_px is not None:
        x = _resized(x, resize_px, interpolation)
    if crop_px is not None:
        x = _centre(x, crop_px)
    means, stds = (torch.tensor(values, device=x.device)[:, None, None] for values in (mean, std))
    return ((x - means) / stds).contiguous(memory_format=torch.channels_last)


def _resized(x: Tensor, side_px: int, interpolation: str) -> Tensor:
    shorter_px = min(x.shape[2:])
    if shorter_px == side_px:
        return x
    size = [int(side_px * side / shorter_px) for side in x.shape[2:]]
    return F.interpolate(x, size, mode=interpolation, align_corners=False, antialias=True).clamp(0, 1)


def _centre(x: Tensor, side_px: int) -> Tensor:
    height_px, width_px = x.shape[2:]
    if min(height_px, width_px) < side_px:
        raise InputError(
            f"preprocessing.crop_px is {side_px}, but images are {height_px} x {width_px} pixels; "
            "set preprocessing.resize_px to at least as much"
        )
    top, left = round((height_px - side_px) / 2), round((width_px - side_px) / 2)
    return x[:, :, top : top + side_px, left : left + side_px]
