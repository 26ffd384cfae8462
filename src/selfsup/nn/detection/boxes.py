"""Boxes (M, 4), x0 y0 x1 y1 in pixels: overlap, coding against a reference, and suppression of duplicates."""

import math

import numpy as np
import torch
from torch import Tensor

MAX_LOG_SCALE = math.log(1000 / 16)  # of a decoded side: beyond it the exponential overflows early in training


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Return (M, K): the intersection over union of boxes (M, 4) and (K, 4), 0 where both are empty."""
    (x0, y0, x1, y1), (u0, v0, u1, v1) = first.T[..., None], second.T[:, None]
    width = (torch.minimum(x1, u1) - torch.maximum(x0, u0)).clamp(min=0)
    both = width * (torch.minimum(y1, v1) - torch.maximum(y0, v0)).clamp(min=0)
    union = area(first)[:, None] + area(second)[None] - both
    return both / union.clamp(min=1e-9)


def area(boxes: Tensor) -> Tensor:
    """Return (M,), in square pixels."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).T
    return width * height


def encode(boxes: Tensor, reference: Tensor, scale: Tensor) -> Tensor:
    """Return deltas (M, 4): shift of the centre by the reference's sides and logarithm of the ratio of the sides, times ``scale``
    (4,).

    Source: Girshick et al. 2014 (R-CNN), appendix C.
    """
    (centre, sides), (at, of) = _centred(boxes), _centred(reference)
    return torch.cat([(centre - at) / of, (sides / of).log()], 1) * scale


def decode(deltas: Tensor, reference: Tensor, scale: Tensor) -> Tensor:
    """Return the boxes (M, 4) of deltas, the inverse of ``encode``."""
    at, of = _centred(reference)
    shift, log_scale = (deltas / scale).split(2, 1)
    centre, half = at + shift * of, of * log_scale.clamp(max=MAX_LOG_SCALE).exp() / 2
    return torch.cat([centre - half, centre + half], 1)


def _centred(boxes: Tensor) -> tuple[Tensor, Tensor]:
    low, high = boxes.split(2, 1)
    return (low + high) / 2, high - low


def clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the part of each box that is inside an image of ``size`` H, W."""
    height, width = size
    limit = torch.tensor([width, height, width, height], device=boxes.device, dtype=boxes.dtype)
    return torch.minimum(boxes.clamp(min=0), limit)


def nms(boxes: Tensor, score: Tensor, max_iou: float, most: int | None = None) -> Tensor:
    """Return the indices of the boxes that are kept, best first, ``most`` of them at most: none overlaps a better kept one by
    more than ``max_iou``."""
    order = score.argsort(descending=True, stable=True)
    boxes = boxes[order]
    overlaps = (iou(boxes, boxes) > max_iou).cpu().numpy()
    suppressed = np.zeros(len(order), bool)
    kept: list[int] = []
    while len(kept) != most and not suppressed.all():
        kept.append(best := int(suppressed.argmin()))
        suppressed |= overlaps[best]
        suppressed[best] = True  # an empty box overlaps nothing, itself included
    return order[torch.tensor(kept, dtype=torch.int64, device=order.device)]


def nms_by_class(boxes: Tensor, score: Tensor, label: Tensor, max_iou: float) -> Tensor:
    """Return the indices of the boxes that are kept, best first, where only boxes of one class suppress each other."""
    if not len(boxes):
        return torch.zeros(0, dtype=torch.int64, device=boxes.device)
    apart = label.to(boxes)[:, None] * (boxes.max() - boxes.min() + 1)
    return nms(boxes + apart, score, max_iou)
