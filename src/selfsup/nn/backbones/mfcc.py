"""Mel-frequency cepstral coefficients with their deltas, as an encoder that has nothing to learn."""

import librosa
import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from selfsup.views.waveforms import FRAMES_PER_SECOND

WINDOW_SECONDS = 0.025
MELS = 26


def build(
    *, in_channels: PositiveInt = 1, rate_hz: PositiveInt, coefficients: PositiveInt = 13
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return the one stage ``mfcc``: the coefficients every 10 ms, their first and their second differences over time.

    The map is (N, 3 coefficients, T) of waveforms at ``rate_hz``.

    Args:
        rate_hz: samples per second.
        coefficients: coefficients of a frame, before differences.

    Source: Davis and Mermelstein 1980; librosa's ``feature.mfcc`` and ``feature.delta``, with windows of 25 ms.
    """
    return {"mfcc": _MFCC(rate_hz, coefficients)}, {"mfcc": 3 * coefficients}


class _MFCC(nn.Module):
    def __init__(self, rate_hz: int, coefficients: int) -> None:
        super().__init__()
        self.rate_hz = rate_hz
        self.coefficients = coefficients

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, T) of waveforms (N, 1, S) in [-1, 1]; frame t is centred on its 10 ms."""
        hop = self.rate_hz // FRAMES_PER_SECOND
        window = round(self.rate_hz * WINDOW_SECONDS)
        length = 2 ** int(np.ceil(np.log2(window)))
        sound = np.pad(x[:, 0].detach().cpu().numpy(), ((0, 0), ((length - hop) // 2, (length - hop) // 2)))
        power = librosa.feature.melspectrogram(
            y=sound, sr=self.rate_hz, n_fft=length, hop_length=hop, win_length=window, n_mels=MELS, center=False
        )
        level_db = librosa.power_to_db(power, top_db=None)  # with a floor it would depend on the loudest of the batch
        static = librosa.feature.mfcc(S=level_db, n_mfcc=self.coefficients)
        moving = [librosa.feature.delta(static, order=order, mode="nearest") for order in (1, 2)]
        return torch.from_numpy(np.concatenate([static, *moving], 1)).to(x)
