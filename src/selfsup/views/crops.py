"""Random resized crops: boxes for a whole batch, then crop, flip and resize in two small matrix products per example."""

import math

import torch
from torch import Tensor

ATTEMPTS = 10


def draw_boxes(
    examples: int,
    generator: torch.Generator,
    *,
    height_px: int,
    width_px: int,
    scale_min: float,
    scale_max: float = 1.0,
    ratio_min: float = 3 / 4,
    ratio_max: float = 4 / 3,
) -> Tensor:
    """Return boxes (N, 4) int64: top, left, height, width in pixels, inside an image of ``height_px`` x ``width_px``.

    ``scale`` bounds the box's fraction of the image's area, ``ratio`` its width over its height (log-uniform). The first
    of ten attempts that fits is used, or else the largest central box of an allowed ratio.

    Source: Szegedy et al. 2015, section 6, with the distribution of torchvision's RandomResizedCrop.
    Differs: all attempts of all examples are drawn at once, so that a seed does not give the boxes of torchvision.
    """
    area = height_px * width_px * _attempts(examples, generator, scale_min, scale_max)
    ratio = torch.exp(_attempts(examples, generator, math.log(ratio_min), math.log(ratio_max)))
    size = torch.stack([torch.sqrt(area / ratio), torch.sqrt(area * ratio)]).round()
    room = torch.tensor([height_px, width_px], dtype=torch.float64)[:, None]
    fits = ((size > 0) & (size <= room[:, :, None])).all(0)
    first = fits.int().argmax(1)
    any_fits = fits.any(1)
    central = torch.tensor(_central_size(height_px, width_px, ratio_min, ratio_max))[:, None]
    size = torch.where(any_fits, size[:, torch.arange(examples), first], central)
    position = torch.rand(2, examples, generator=generator, dtype=torch.float64)
    start = torch.where(any_fits, torch.floor(position * (room - size + 1)), (room - size) // 2)
    return torch.cat([start, size]).T.long().contiguous()


def resized_crop(images: Tensor, boxes: Tensor, flip: Tensor, size_px: int) -> Tensor:
    """Return each image's box, mirrored where ``flip``, at ``size_px``: float32 (N, C, size_px, size_px).

    ``images`` (N, C, H, W) are uint8, scaled to [0, 1], or float, which keep their range; ``boxes`` (N, 4) int64 are of
    ``draw_boxes``; ``flip`` (N,) bool. Bilinear and antialiased like torchvision's ``resized_crop(antialias=True)``:
    resizing is linear along each axis, so it is one matrix per example and axis, and a mirror reverses its rows. Each
    colour plane (N, H, W) is contiguous in memory, which makes the colour operations fastest.
    """
    height_px, width_px = images.shape[2:]
    top, left, height, width = boxes.to(torch.float32).unbind(1)
    rows = _resize_matrices(top, height, torch.zeros_like(flip), height_px, size_px)
    columns = _resize_matrices(left, width, flip, width_px, size_px)
    if images.dtype == torch.uint8:
        columns = columns.div_(255)
    planes = images.transpose(0, 1).to(torch.float32, memory_format=torch.contiguous_format)
    cropped = planes.new_empty(*planes.shape[:2], size_px, size_px)
    for plane, out in zip(planes, cropped, strict=True):
        torch.bmm(rows, torch.bmm(plane, columns.mT), out=out)
    return cropped.transpose(0, 1)


def _resize_matrices(start: Tensor, length: Tensor, mirror: Tensor, size_in_px: int, size_out_px: int) -> Tensor:
    """Return (N, size_out_px, size_in_px): the weight of each input pixel in each output pixel of one axis.

    A triangle around the output pixel's centre, widened by the zoom when shrinking, cut at the box, normalised.
    """
    zoom = (length / size_out_px)[:, None]
    reach = zoom.clamp(min=1)
    output = torch.arange(size_out_px, device=start.device)
    output = torch.where(mirror[:, None], size_out_px - 1 - output, output)
    centre = (output + 0.5) * zoom + start[:, None] - 0.5
    position = torch.arange(size_in_px, device=start.device)
    inside = (position >= start[:, None]) & (position < (start + length)[:, None])
    distance = (centre / reach)[:, :, None] - (position / reach)[:, None, :]
    weights = distance.abs_().neg_().add_(1).clamp_(min=0).mul_(inside[:, None, :])
    return weights.div_(weights.sum(2, keepdim=True))


def _attempts(examples: int, generator: torch.Generator, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(examples, ATTEMPTS, generator=generator, dtype=torch.float64)


def _central_size(height_px: int, width_px: int, ratio_min: float, ratio_max: float) -> tuple[float, float]:
    """Return the height and width in pixels of the largest box of an allowed ratio."""
    ratio = width_px / height_px
    if ratio < ratio_min:
        return float(round(width_px / ratio_min)), float(width_px)
    if ratio > ratio_max:
        return float(height_px), float(round(height_px * ratio_max))
    return float(height_px), float(width_px)
