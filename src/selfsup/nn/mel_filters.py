"""Triangular filters that are evenly spaced on the mel scale."""

import numpy as np

LINEAR_HZ = 200 / 3  # a mel, up to 1 kHz
CORNER_HZ = 1000.0
CORNER_MEL = CORNER_HZ / LINEAR_HZ
LOG_STEP = np.log(6.4) / 27  # a mel, from 1 kHz


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
