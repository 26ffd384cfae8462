"""Colour jitter with one order per chunk of views: fewer operations for small batches."""

import torch
from torch import Tensor

from selfsup.views.color import BRIGHTNESS, CONTRAST, HUE, blend_
from selfsup.views.grayscale import luma
from selfsup.views.hue import turn_hue_
from selfsup.views.rows import change_rows_

CHUNK = 32


def share_order(order: Tensor) -> Tensor:
    """Return ``order`` (N, 4) with every 32 rows replaced by their first.

    Differs: SimCLR draws one order per view. Sharing keeps the distribution of each view but correlates those of a chunk.
    It saves a fifth of the time in batches of 32 views; from 64 views on, ``color.jitter_`` is as fast.
    """
    return order[::CHUNK].repeat_interleave(CHUNK, 0)[: len(order)]


def jitter_in_chunks_(images: Tensor, factors: Tensor, hue: Tensor, order: Tensor) -> Tensor:
    """Jitter images (N, 3, H, W) in [0, 1] exactly as ``color.jitter_``, consecutive equal orders at once, in place."""
    orders, lengths = torch.unique_consecutive(order, dim=0, return_counts=True)
    chunks = [tensor.split(lengths.tolist()) for tensor in (images, factors, hue)]
    for operations, *chunk in zip(orders.tolist(), *chunks, strict=True):
        _jitter_chunk_(operations, *chunk)
    return images


def _jitter_chunk_(operations: list[int], images: Tensor, factors: Tensor, hue: Tensor) -> None:
    for operation in operations:
        if operation == HUE:
            change_rows_(images, hue != 0, turn_hue_, hue)
        elif operation == BRIGHTNESS:
            images.mul_(factors[:, BRIGHTNESS, None, None, None]).clamp_(0, 1)
        else:
            grey = luma(images)
            target = grey.mean((1, 2), keepdim=True) if operation == CONTRAST else grey
            blend_(images, target, factors[:, operation])
