"""Crops of maps of classes, as of their images."""

import torch
from torch import Tensor


def nearest_crop(labels: Tensor, boxes: Tensor, flip: Tensor, size_px: int) -> Tensor:
    """Return the box of each map of classes (N, H, W), mirrored where ``flip``, at ``size_px``: (N, size_px, size_px), each pixel
    the nearest of the box. The same boxes and flips as in ``crops.resized_crop`` show the same part."""
    top, left, height, width = boxes.double().unbind(1)
    centre = (torch.arange(size_px, device=labels.device) + 0.5) / size_px
    mirrored = torch.where(flip[:, None], 1 - centre, centre)
    rows = (top[:, None] + centre * height[:, None]).long()
    columns = (left[:, None] + mirrored * width[:, None]).long()
    examples = torch.arange(len(labels), device=labels.device)
    return labels[examples[:, None, None], rows[:, :, None], columns[:, None, :]]
