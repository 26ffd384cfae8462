"""Colour jitter: torchvision's four operations exactly, with factors and order drawn for every view."""

import torch
from torch import Tensor

from selfsup.views.grayscale import luma
from selfsup.views.hue import turn_hue_
from selfsup.views.rows import change_rows_

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)


def draw_jitter(
    examples: int,
    generator: torch.Generator,
    *,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
    probability: float,
) -> dict[str, Tensor]:
    """Return the jitter parameters of a batch: ``factors`` (N, 3), ``hue`` (N,) in turns, ``order`` (N, 4) int64.

    A factor is uniform in [max(0, 1 - s), 1 + s] for its strength s, the hue in [-hue, hue]; all factors are 1 and the
    hue 0 where a view is not jittered. ``order`` is a permutation of brightness 0, contrast 1, saturation 2, hue 3.
    """
    strength = torch.tensor([brightness, contrast, saturation])
    low = (1 - strength).clamp(min=0)
    on = torch.rand(examples, generator=generator) < probability
    factors = low + (1 + strength - low) * torch.rand(examples, 3, generator=generator)
    turns = hue * (2 * torch.rand(examples, generator=generator) - 1)
    order = torch.rand(examples, 4, generator=generator).argsort(1)
    return {"factors": torch.where(on[:, None], factors, 1.0), "hue": torch.where(on, turns, 0.0), "order": order}


def jitter_(images: Tensor, factors: Tensor, hue: Tensor, order: Tensor) -> Tensor:
    """Jitter images (N, 3, H, W) in [0, 1]: brightness, contrast, saturation, hue in the order of each view, in place.

    The other arguments are those of ``draw_jitter``. Brightness, contrast and saturation are one operation: a blend with
    black, with the image's mean luma, or with the pixel's luma. So all views take the same three blends with different
    targets, and the hue is changed before, between or after them.

    Source: Chen et al. 2020 (SimCLR), appendix A, by the operations of torchvision's ColorJitter.
    """
    blends = order[order != HUE].view(-1, 3)
    turn_before = torch.where(hue == 0, -1, order.argmax(1))
    change_rows_(images, turn_before == 0, turn_hue_, hue)
    for step in range(3):
        operation = blends[:, step]
        blend_(images, _targets(images, operation), factors.gather(1, operation[:, None])[:, 0])
        change_rows_(images, turn_before == step + 1, turn_hue_, hue)
    return images


def blend_(images: Tensor, target: Tensor, factor: Tensor) -> Tensor:
    """Make images (N, 3, H, W) factor * image + (1 - factor) * target, clamped to [0, 1], in place.

    ``target`` (N, H, W) is shared by the three channels and overwritten; ``factor`` is (N,).
    """
    factor = factor[:, None, None]
    rest = target.mul_(1 - factor)
    return torch.addcmul(rest[:, None], images, factor[:, None], out=images).clamp_(0, 1)


def _targets(images: Tensor, operation: Tensor) -> Tensor:
    """Return the blend target (N, H, W) of each view: black, its mean luma, or its luma, by ``operation`` (N,)."""
    grey = luma(images)
    mean = grey.mean((1, 2)).mul_(operation == CONTRAST)
    return grey.mul_((operation == SATURATION)[:, None, None]).add_(mean[:, None, None])
