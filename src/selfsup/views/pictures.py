"""Pictures of what is no RGB image: channels of Lab and depth, pointers between frames, spectrograms of sound."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.views.lab import lab_to_rgb, rgb_to_lab

SHOWN_LIGHTNESS = 65.0
MARK, HEAT = (0.1, 0.9, 1.0), (1.0, 0.55, 0.0)
DIMMED = 0.6
FLOOR_DB = 40.0
# From black over blue and orange to white, interpolated linearly.
COLOURS = ((0.0, 0.0, 0.05), (0.2, 0.1, 0.5), (0.75, 0.25, 0.4), (1.0, 0.65, 0.2), (1.0, 1.0, 0.9))

Grid = tuple[int, int] | torch.Size


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


def most_colourful_position(images: Tensor, grid: Grid) -> Tensor:
    """Return the cell (N,), row by row, of a grid over images (N, 3, H, W) whose ab is farthest from the image's mean."""
    ab = rgb_to_lab(F.interpolate(images, size=grid, mode="area"))[:, 1:]
    return (ab - ab.mean((2, 3), keepdim=True)).norm(dim=1).flatten(1).argmax(1)


def marked(images: Tensor, position: Tensor, grid: Grid) -> Tensor:
    """Return images (N, 3, H, W) with a frame around the cell ``position`` (N,) of a grid."""
    cell = F.one_hot(position, grid[0] * grid[1]).view(-1, 1, *grid).float()
    inside = F.interpolate(cell, size=images.shape[2:])
    around = F.max_pool2d(inside, 5, stride=1, padding=2) - inside
    return torch.lerp(images, _colour(MARK, images), around)


def heat_over(images: Tensor, heat: Tensor) -> Tensor:
    """Return images (N, 3, H, W), darkened, under a heat map (N, H', W') >= 0."""
    height = heat / heat.amax((1, 2), keepdim=True).clamp(min=1e-12)
    opacity = F.interpolate(height[:, None], size=images.shape[2:], mode="bilinear", align_corners=False)
    return torch.lerp(DIMMED * images, _colour(HEAT, images), opacity)


def _colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(rgb, dtype=like.dtype, device=like.device)[:, None, None].expand_as(like)


def spectrogram(waveform: Tensor, hop: int, height_px: int) -> Tensor:
    """Return pictures (N, 3, height_px, T) in [0, 1] of waveforms float (N, S), one column per ``hop`` samples.

    Low frequencies are at the bottom; brightness is power in decibels, from FLOOR_DB below the loudest of all N.
    """
    length = 2 ** math.ceil(math.log2(3 * hop))
    window = torch.hann_window(length, device=waveform.device)
    spectrum = torch.stft(waveform, length, hop, window=window, pad_mode="constant", return_complex=True)
    columns = waveform.shape[1] // hop
    power_db = 10 * (spectrum[..., :columns].abs().square() + 1e-12).log10()
    level = ((power_db - power_db.max()) / FLOOR_DB + 1).clamp(0, 1).flip(1)
    return colour(F.interpolate(level[:, None], (height_px, columns), mode="area")[:, 0])


def colour(level: Tensor) -> Tensor:
    """Return the colours (N, 3, H, W) in [0, 1] of levels (N, H, W) in [0, 1]."""
    colours = torch.tensor(COLOURS, device=level.device)
    position = level * (len(colours) - 1)
    below = position.floor().long().clamp(max=len(colours) - 2)
    fraction = (position - below)[..., None]
    return (colours[below] * (1 - fraction) + colours[below + 1] * fraction).movedim(-1, 1)
