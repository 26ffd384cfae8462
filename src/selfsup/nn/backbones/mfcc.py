"""Mel-frequency cepstral coefficients with their deltas, as an encoder without parameters."""

import numpy as np
import torch
from pydantic import PositiveInt
from scipy.fft import dct, rfft
from scipy.signal import get_window, savgol_filter
from torch import Tensor, nn

from selfsup.views.waveforms import FRAMES_PER_SECOND

WINDOW_SECONDS = 0.025
MELS = 26
SILENCE = 1e-10
DELTA_FRAMES = 9
LINEAR_HZ = 200 / 3  # a mel, up to 1 kHz
CORNER_HZ = 1000.0
CORNER_MEL = CORNER_HZ / LINEAR_HZ
LOG_STEP = np.log(6.4) / 27  # a mel, from 1 kHz


def build(
    *, in_channels: PositiveInt = 1, rate_hz: PositiveInt, coefficients: PositiveInt = 13
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return the one stage ``mfcc``: the coefficients every 10 ms, their first and their second differences over time.

    The map is (N, 3 coefficients, T) of waveforms at ``rate_hz``.

    Args:
        rate_hz: samples per second.
        coefficients: coefficients of a frame, before differences.

    Source: Davis and Mermelstein 1980; the numbers are those of librosa's ``feature.mfcc`` and ``feature.delta``, with
    windows of 25 ms.
    """
    return {"mfcc": _MFCC(rate_hz, coefficients)}, {"mfcc": 3 * coefficients}


class _MFCC(nn.Module):
    def __init__(self, rate_hz: int, coefficients: int) -> None:
        super().__init__()
        self.coefficients = coefficients
        self.hop = rate_hz // FRAMES_PER_SECOND
        samples = round(rate_hz * WINDOW_SECONDS)
        self.length = 2 ** int(np.ceil(np.log2(samples)))
        left = (self.length - samples) // 2
        self.window = np.pad(get_window("hann", samples), (left, self.length - samples - left))
        self.filters = mel_filters(rate_hz, self.length, MELS)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, T) of waveforms (N, 1, S) in [-1, 1]; frame t is centred on its 10 ms."""
        beside = (self.length - self.hop) // 2
        sound = np.pad(x[:, 0].detach().cpu().numpy(), ((0, 0), (beside, beside)))
        frames = np.lib.stride_tricks.sliding_window_view(sound, self.length, 1)[:, :: self.hop]  # (N, T, length)
        spectrum = rfft(frames * self.window).astype(np.complex64).swapaxes(1, 2)  # (N, F, T)
        power = np.asfortranarray(np.abs(spectrum) ** 2.0)  # in this order BLAS sums as it does under librosa
        bands = np.einsum("nft,mf->nmt", power, self.filters, optimize=True)
        level_db = 10 * np.log10(np.maximum(SILENCE, bands))  # no floor relative to the loudest of the batch
        static = dct(level_db, axis=1, norm="ortho")[:, : self.coefficients]
        moving = [savgol_filter(static, DELTA_FRAMES, order, deriv=order, mode="nearest") for order in (1, 2)]
        return torch.from_numpy(np.concatenate([static, *moving], 1)).to(x)


def mel_filters(rate_hz: int, fft_length: int, filters: int) -> np.ndarray:
    """Return float32 (M, fft_length // 2 + 1): M filters from 0 Hz to half the rate, each of unit area over Hz.

    Source: Slaney 1998 (Auditory Toolbox), whose scale is linear up to 1 kHz and logarithmic above.
    """
    edges_hz = _hz(np.linspace(0.0, _mel(rate_hz / 2), filters + 2))
    distance = edges_hz[:, None] - np.fft.rfftfreq(fft_length, 1.0 / rate_hz)
    width = np.diff(edges_hz)[:, None]
    rising, falling = -distance[:-2] / width[:-1], distance[2:] / width[1:]
    weights = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    weights *= (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]
    return weights


def _mel(hz: float) -> float:
    return hz / LINEAR_HZ if hz < CORNER_HZ else CORNER_MEL + float(np.log(hz / CORNER_HZ) / LOG_STEP)


def _hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < CORNER_MEL, LINEAR_HZ * mel, CORNER_HZ * np.exp(LOG_STEP * (mel - CORNER_MEL)))
