"""Photometric change: another light and another camera, and nothing moves."""

import numpy as np


def photometric(image: np.ndarray, rng: np.random.Generator, *, strength: float, noise: float) -> np.ndarray:
    """Return an image float32 (3, H, W) in [0, 1] with other contrast, brightness and colour of light, and camera noise.

    ``strength`` bounds the logarithm of contrast and of each colour's gain, and half of it the shift of brightness;
    ``noise`` bounds the noise's standard deviation.
    """
    contrast, shift = np.exp(rng.uniform(-strength, strength)), rng.uniform(-strength, strength) / 2
    gain = np.exp(rng.uniform(-strength, strength, (3, 1, 1)))
    changed = ((image - 0.5) * contrast + 0.5 + shift) * gain
    grain = rng.uniform(0, noise) * rng.standard_normal(image.shape)
    return np.asarray(changed + grain).clip(0, 1).astype(np.float32)
