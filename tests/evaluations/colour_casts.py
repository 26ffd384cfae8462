"""Separable labelled images: noise with one colour cast per class."""

import numpy as np


def colours(examples, seed):
    """Noise whose class is its colour cast: (images uint8 (N, 3, 32, 32), labels)."""
    random = np.random.default_rng(seed)
    labels = np.arange(examples) % 3
    images = random.integers(0, 156, (examples, 3, 32, 32))
    images[np.arange(examples), labels] += 100
    return images.astype(np.uint8), labels
