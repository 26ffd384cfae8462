"""Luma, and grey views."""

from torch import Tensor

from selfsup.views.rows import change_rows_

LUMA = (0.2989, 0.587, 0.114)


def luma(images: Tensor) -> Tensor:
    """Return the luma (N, H, W) of images (N, 3, H, W), with torchvision's weights, which sum to 0.9999."""
    red, green, blue = images.unbind(1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def grayscale_(images: Tensor, gray: Tensor) -> Tensor:
    """Replace all three channels of images (N, 3, H, W) by their luma where ``gray`` (N,) bool, in place."""
    return change_rows_(images, gray, lambda rows: luma(rows)[:, None].expand_as(rows))
