"""Inputs of an encoder: colour, lightness, colour without lightness, or depth of an image; sound; tokens; and the
preprocessing that imported weights expect."""

from typing import Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.views.lab import rgb_to_lab

CHANNELS: dict[str, int] = {"rgb": 3, "lightness": 1, "ab": 2, "lab": 3, "depth": 1, "waveform": 1, "tokens": 0}
AB_RANGE = 110.0


def preprocess(x: Tensor, kind: str) -> Tensor:
    """Return the input of this ``kind``, scaled to about [-1, 1]: float (N, C, H, W), channels last.

    x is uint8 or float in [0, 1]: (N, 3, H, W) RGB, or (N, 4, H, W) with depth as the fourth channel. A waveform, int16 or
    float in [-1, 1] (N, S), becomes (N, 1, S); tokens (N, L) are returned unchanged.
    """
    if kind == "tokens":
        return x
    if kind == "waveform":
        return (x.float() / 32768 if x.dtype == torch.int16 else x)[:, None]
    if x.dtype == torch.uint8:
        x = x.float() / 255
    return _channels(x, kind).contiguous(memory_format=torch.channels_last)


def _channels(x: Tensor, kind: str) -> Tensor:
    if kind == "rgb":
        return x[:, :3] * 2 - 1
    if kind == "depth":
        return x[:, 3:] * 2 - 1
    lab = rgb_to_lab(x[:, :3])
    lightness, ab = lab[:, :1] / 50 - 1, lab[:, 1:] / AB_RANGE
    return {"lightness": lightness, "ab": ab, "lab": torch.cat([lightness, ab], 1)}[kind]


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

    The shorter side is resized to ``resize_px`` with antialiasing, the centre cropped to a square of ``crop_px``, ``mean``
    subtracted, and the difference divided by ``std``.
    Raises InputError for an image smaller than the crop, and if mean or std do not have three values.

    Args:
        mean: of each channel, of images in [0, 1].
        std: standard deviation of each channel, of images in [0, 1].
        resize_px: length of the shorter side after resizing; by default images keep their size.
        crop_px: side of the square centre that is kept; by default the whole image.
        interpolation: of resizing.
    """
    if len(mean) != 3 or len(std) != 3:
        raise InputError("preprocessing.mean and preprocessing.std must have three values, one for each channel")
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
