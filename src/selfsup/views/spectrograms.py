"""Spectrograms as pictures."""

import math

import torch
from torch import Tensor

FLOOR_DB = 40.0
# From black over blue and orange to white, interpolated linearly.
COLOURS = ((0.0, 0.0, 0.05), (0.2, 0.1, 0.5), (0.75, 0.25, 0.4), (1.0, 0.65, 0.2), (1.0, 1.0, 0.9))


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
    return colour(torch.nn.functional.interpolate(level[:, None], (height_px, columns), mode="area")[:, 0])


def colour(level: Tensor) -> Tensor:
    """Return the colours (N, 3, H, W) in [0, 1] of levels (N, H, W) in [0, 1]."""
    colours = torch.tensor(COLOURS, device=level.device)
    position = level * (len(colours) - 1)
    below = position.floor().long().clamp(max=len(colours) - 2)
    fraction = (position - below)[..., None]
    return (colours[below] * (1 - fraction) + colours[below + 1] * fraction).movedim(-1, 1)
