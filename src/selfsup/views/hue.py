"""Rotation of the hue of HSV without conversion to HSV."""

import torch
from torch import Tensor


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
