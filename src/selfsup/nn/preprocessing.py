"""What imported weights expect of an image: its size, and the mean and standard deviation of each channel."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError


@dataclass(frozen=True)
class Preprocessing:
    """Resize the shorter side to ``resize_px``, cut the centre of ``crop_px`` squared, subtract ``mean``, divide by ``std``.

    None leaves the size as it is. Resizing is antialiased.
    """

    mean: list[float]
    std: list[float]
    resize_px: int | None = None
    crop_px: int | None = None
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def __call__(self, x: Tensor) -> Tensor:
        """Return float (N, 3, H', W'), channels last, of images (N, 3, H, W), uint8 or float in [0, 1].

        Raises InputError for an image smaller than the crop.
        """
        x = x[:, :3].float() / 255 if x.dtype == torch.uint8 else x[:, :3]
        if self.resize_px is not None:
            x = self._resized(x, self.resize_px)
        if self.crop_px is not None:
            x = _centre(x, self.crop_px)
        mean, std = (torch.tensor(values, device=x.device)[:, None, None] for values in (self.mean, self.std))
        return ((x - mean) / std).contiguous(memory_format=torch.channels_last)

    def _resized(self, x: Tensor, side_px: int) -> Tensor:
        sides = x.shape[2:]
        if min(sides) == side_px:
            return x
        size = [side_px if side == min(sides) else int(side_px * side / min(sides)) for side in sides]
        return F.interpolate(x, size, mode=self.interpolation, align_corners=False, antialias=True).clamp(0, 1)


def _centre(x: Tensor, side_px: int) -> Tensor:
    height_px, width_px = x.shape[2:]
    if min(height_px, width_px) < side_px:
        raise InputError(
            f"preprocessing.crop_px is {side_px}, but images are {height_px} x {width_px} pixels; "
            "set preprocessing.resize_px to at least as much"
        )
    top, left = round((height_px - side_px) / 2), round((width_px - side_px) / 2)
    return x[:, :, top : top + side_px, left : left + side_px]
