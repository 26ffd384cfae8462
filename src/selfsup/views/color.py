"""Luma, grey views, and torchvision's colour jitter exactly, with factors and order drawn for every view."""

import torch
from torch import Tensor

from selfsup.views.rows import change_rows_

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
LUMA = (0.2989, 0.587, 0.114)


def luma(images: Tensor) -> Tensor:
    """Return the luma (N, H, W) of images (N, 3, H, W), with torchvision's weights, which sum to 0.9999."""
    red, green, blue = images.unbind(1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def grayscale_(images: Tensor, gray: Tensor) -> Tensor:
    """Replace all three channels of images (N, 3, H, W) by their luma where ``gray`` (N,) bool, in place."""
    return change_rows_(images, gray, lambda rows: luma(rows)[:, None].expand_as(rows))


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


def turn_hue_(images: Tensor, turns: Tensor) -> Tensor:
    """Rotate the hue of images (N, 3, H, W) in [0, 1] by ``turns`` (N,) in [-0.5, 0.5], like ``adjust_hue``, in place.

    Value and saturation are unchanged, and so are the largest and smallest channel values of a pixel; every channel is
    linear in the distance of the new hue from the channel's own hue (red 0, green 1/3, blue 2/3), clamped between the two.
    The distance of the old hue from red needs no case distinction for the largest channel: in turns it is
    (max - 2 min + green + blue - red) / (6 (max - min)), towards green where green > blue.
    """
    red, green, blue = images.unbind(1)
    high = torch.maximum(red, green).maximum(blue)
    low = torch.minimum(red, green).minimum(blue)
    chroma = high - low
    slope = 6 * chroma
    # A grey pixel has no hue; for any quotient, the clamps between two equal values return the pixel.
    hue = (green + blue).sub_(red).add_(high).sub_(low, alpha=2).div_(slope.clamp(min=1e-12))
    hue = hue.copysign_(green.sub_(blue)).add_(turns[:, None, None] + 1).frac_()
    torch.addcmul(low - chroma, (hue - 1 / 2).abs_(), slope, out=red).clamp_(low, high)
    top = chroma.add_(high)
    torch.addcmul(top, (hue - 1 / 3).abs_(), slope, value=-1, out=green).clamp_(low, high)
    torch.addcmul(top, (hue - 2 / 3).abs_(), slope, value=-1, out=blue).clamp_(low, high)
    return images
