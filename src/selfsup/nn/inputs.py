"""What an encoder sees: an image's colours, its lightness alone, its colour without lightness, its depth; sound; tokens."""

import torch
from torch import Tensor

from selfsup.views.lab import rgb_to_lab

CHANNELS: dict[str, int] = {"rgb": 3, "lightness": 1, "ab": 2, "lab": 3, "depth": 1, "waveform": 1, "tokens": 0}
AB_RANGE = 110.0


def preprocess(x: Tensor, kind: str) -> Tensor:
    """Return what an encoder of this ``kind`` sees of x, scaled to about [-1, 1]: float (N, C, H, W), channels last.

    x is uint8 or float in [0, 1]: (N, 3, H, W) RGB, or (N, 4, H, W) with depth as the fourth channel. A waveform, int16 or
    float in [-1, 1] (N, S), is seen as (N, 1, S); tokens (N, L) as they are.
    """
    if kind == "tokens":
        return x
    if kind == "waveform":
        return (x.float() / 32768 if x.dtype == torch.int16 else x)[:, None]
    if x.dtype == torch.uint8:
        x = x.float() / 255
    return _channels(x, kind).contiguous(memory_format=torch.channels_last)


def _channels(x: Tensor, kind: str) -> Tensor:
    if kind == "rgb":
        return x[:, :3] * 2 - 1
    if kind == "depth":
        return x[:, 3:] * 2 - 1
    lab = rgb_to_lab(x[:, :3])
    lightness, ab = lab[:, :1] / 50 - 1, lab[:, 1:] / AB_RANGE
    return {"lightness": lightness, "ab": ab, "lab": torch.cat([lightness, ab], 1)}[kind]
