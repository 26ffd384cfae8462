"""Colour jitter in an order that runs of views share: fewer operations for small batches."""

import torch
from torch import Tensor

from selfsup.views.color import BRIGHTNESS, CONTRAST, HUE, blend_
from selfsup.views.grayscale import luma
from selfsup.views.hue import turn_hue_
from selfsup.views.rows import change_rows_

RUN = 32


def share_order(order: Tensor) -> Tensor:
    """Return ``order`` (N, 4) with the first of every 32 rows in the place of all 32.

    Differs: SimCLR draws an order per view. Sharing leaves every view's own law and ties those of a run together.
    It saves a fifth of the time in batches of 32 views; from 64 views on, ``color.jitter_`` is as fast.
    """
    return order[::RUN].repeat_interleave(RUN, 0)[: len(order)]


def jitter_in_runs_(images: Tensor, factors: Tensor, hue: Tensor, order: Tensor) -> Tensor:
    """Jitter images (N, 3, H, W) in [0, 1] exactly as ``color.jitter_``, each run of equal orders at once, in place."""
    orders, lengths = torch.unique_consecutive(order, dim=0, return_counts=True)
    runs = [tensor.split(lengths.tolist()) for tensor in (images, factors, hue)]
    for operations, *run in zip(orders.tolist(), *runs, strict=True):
        _jitter_run_(operations, *run)
    return images


def _jitter_run_(operations: list[int], images: Tensor, factors: Tensor, hue: Tensor) -> None:
    for operation in operations:
        if operation == HUE:
            change_rows_(images, hue != 0, turn_hue_, hue)
        elif operation == BRIGHTNESS:
            images.mul_(factors[:, BRIGHTNESS, None, None, None]).clamp_(0, 1)
        else:
            grey = luma(images)
            target = grey.mean((1, 2), keepdim=True) if operation == CONTRAST else grey
            blend_(images, target, factors[:, operation])
