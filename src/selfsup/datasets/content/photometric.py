"""Photometric change: light and camera noise, without motion."""

import numpy as np


def photometric(image: np.ndarray, rng: np.random.Generator, *, strength: float, noise: float) -> np.ndarray:
    """Return an image float32 (3, H, W) in [0, 1] with random contrast, brightness, colour of light and camera noise.

    ``strength`` bounds the logarithm of the contrast and of each colour's gain, and half of it bounds the shift of
    brightness; ``noise`` bounds the standard deviation of the noise.
    """
    contrast, shift = np.exp(rng.uniform(-strength, strength)), rng.uniform(-strength, strength) / 2
    gain = np.exp(rng.uniform(-strength, strength, (3, 1, 1)))
    changed = ((image - 0.5) * contrast + 0.5 + shift) * gain
    grain = rng.uniform(0, noise) * rng.standard_normal(image.shape)
    return np.asarray(changed + grain).clip(0, 1).astype(np.float32)
