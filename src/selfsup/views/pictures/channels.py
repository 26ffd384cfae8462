"""Channels of an image as pictures: lightness without colour, colour at constant lightness, depth as grey."""

import torch
from torch import Tensor

from selfsup.views.lab import lab_to_rgb, rgb_to_lab

SHOWN_LIGHTNESS = 65.0


def picture(images: Tensor, kind: str) -> Tensor:
    """Return pictures (N, 3, H, W) in [0, 1] of the input channels of RGB (N, 3, H, W) or RGB-D (N, 4, H, W) images.

    ``kind`` is one of nn/inputs.py: rgb, lab, lightness, ab or depth.
    """
    if kind == "depth":
        return images[:, 3:].expand(-1, 3, -1, -1)
    if kind in ("rgb", "lab"):
        return images[:, :3]
    lab = rgb_to_lab(images[:, :3])
    lightness, ab = lab[:, :1], lab[:, 1:]
    if kind == "lightness":
        return lab_to_rgb(torch.cat([lightness, torch.zeros_like(ab)], 1))
    return lab_to_rgb(torch.cat([torch.full_like(lightness, SHOWN_LIGHTNESS), ab], 1))
