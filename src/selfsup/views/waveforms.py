"""Windows of waveforms at random positions, with a random gain."""

import torch
from torch import Tensor

FULL_SCALE = 32768.0
FRAMES_PER_SECOND = 100  # labels are given every 10 ms, as in the prepared data


def draw_window(examples: int, gain_db: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Return ``start`` (N,) in [0, 1), the relative position of a window among all possible ones, and ``gain`` (N,), a factor.

    Gains are uniform in decibels, from -``gain_db`` to ``gain_db``.
    """
    start = torch.rand(examples, generator=generator)
    decibels = (2 * torch.rand(examples, generator=generator) - 1) * gain_db
    return {"start": start, "gain": 10 ** (decibels / 20)}


def first_sample(waveform: Tensor, start: Tensor, window: int) -> Tensor:
    """Return the first sample (N,) int64 of each window of waveforms (N, S), from its ``start`` in [0, 1).

    A window contains as much sound as possible: it reaches into the silence at the end only if the sound is shorter.
    """
    room = (sounding(waveform) - window).clamp(min=0)
    return (start * (room + 1)).long().minimum(room)


def windows(waveform: Tensor, first: Tensor, gain: Tensor, window: int) -> Tensor:
    """Return float32 (N, window) in units of full scale of waveforms int16 (N, S), from sample ``first``, times ``gain``."""
    index = first[:, None] + torch.arange(window, device=waveform.device)
    return waveform.gather(1, index).float() / FULL_SCALE * gain[:, None]


def frames_of(content: Tensor, first: Tensor, frames: int, samples_per_frame: int) -> Tensor:
    """Return the classes (N, frames) of the frames of windows that begin at sample ``first``, from ``content`` (N, F).

    A frame has the class at its middle.
    """
    middle = first[:, None] + samples_per_frame * torch.arange(frames, device=content.device) + samples_per_frame // 2
    return content.gather(1, (middle // samples_per_frame).clamp(max=content.shape[1] - 1))


def sounding(waveform: Tensor) -> Tensor:
    """Return how many samples (N,) each waveform (N, S) has before the digital silence at its end.

    Recordings of different lengths are padded with it. An entirely silent waveform has S.
    """
    silent = (waveform != 0).flip(1).int().argmax(1)
    return waveform.shape[1] - silent
