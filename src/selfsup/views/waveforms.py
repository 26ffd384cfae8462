"""Windows of waveforms at random places, made louder or softer at random."""

import torch
from torch import Tensor

FULL_SCALE = 32768.0


def draw_window(
    examples: int, samples: int, window: int, gain_db: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return ``start`` (N,) int64, where a window of ``window`` of ``samples`` begins, and ``gain`` (N,), a factor.

    Gains are uniform in decibels, from -``gain_db`` to ``gain_db``.
    """
    start = torch.randint(0, samples - window + 1, (examples,), generator=generator)
    decibels = (2 * torch.rand(examples, generator=generator) - 1) * gain_db
    return {"start": start, "gain": 10 ** (decibels / 20)}


def windows(waveform: Tensor, start: Tensor, gain: Tensor, window: int) -> Tensor:
    """Return float32 (N, window) in units of full scale of waveforms int16 (N, S), each from its ``start`` times its ``gain``."""
    places = start[:, None] + torch.arange(window, device=waveform.device)
    return waveform.gather(1, places).float() / FULL_SCALE * gain[:, None]


def frames_of(content: Tensor, start: Tensor, frames: int, samples_per_frame: int) -> Tensor:
    """Return the classes (N, frames) of a window's frames, of ``content`` (N, F), a window's first sample at ``start``.

    A frame has the class that was said in its middle.
    """
    middle = start[:, None] + samples_per_frame * torch.arange(frames, device=content.device) + samples_per_frame // 2
    return content.gather(1, (middle // samples_per_frame).clamp(max=content.shape[1] - 1))


def sounding(waveform: Tensor, samples_per_frame: int) -> Tensor:
    """Return how many frames (N,) each waveform (N, S) has before the silence that fills it up, one at least.

    Digital silence at the end is what a set of recordings of different lengths is filled up with.
    """
    heard = (waveform != 0).flip(1).int().argmax(1)  # samples of silence at the end; 0 also where there is none at all
    return ((waveform.shape[1] - heard) // samples_per_frame).clamp(min=1)
