"""The speakers of the procedural voice: pitch, length of the vocal tract, timbre and accent."""

from dataclasses import dataclass

import numpy as np

from selfsup.datasets.procedural.voice.phones import PHONES


@dataclass(frozen=True)
class Speakers:
    """S speakers: (S,) each, and ``accent`` (S, K, 3), the relative shift of each phone's formants by each speaker.

    ``tract_scale`` multiplies all formants: a shorter tract has higher ones. ``tilt`` is the decay of the spectrum with
    frequency, ``bandwidth_scale`` multiplies the bandwidths of the formants, ``jitter`` is the variation of the pitch.
    """

    pitch_hz: np.ndarray
    tract_scale: np.ndarray
    tilt: np.ndarray
    bandwidth_scale: np.ndarray
    jitter: np.ndarray
    accent: np.ndarray


def draw_speakers(rng: np.random.Generator, count: int) -> Speakers:
    """Return ``count`` speakers: pitches of 85 to 240 Hz, tracts of 0.85 to 1.18 times the average."""
    return Speakers(
        pitch_hz=np.exp(rng.uniform(np.log(85), np.log(240), count)),
        tract_scale=rng.uniform(0.85, 1.18, count),
        tilt=rng.uniform(0.6, 1.6, count),
        bandwidth_scale=rng.uniform(0.8, 1.5, count),
        jitter=rng.uniform(0.005, 0.03, count),
        accent=rng.normal(0, 0.035, (count, len(PHONES), 3)),
    )
