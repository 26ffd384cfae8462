"""An accuracy over frames, whose errors come in utterances: the bootstrap draws whole utterances."""

import numpy as np

from selfsup.results import Measure

DRAWS = 2000


def accuracy_of_frames(correct: np.ndarray, utterance: np.ndarray, layer: str = "") -> Measure:
    """Return the accuracy in percent of frames' answers (M,) bool, with the 95 % bootstrap interval over utterances.

    ``utterance`` (M,) says whose frame each is; ``n`` counts utterances.
    """
    _, row, frames = np.unique(utterance, return_inverse=True, return_counts=True)
    right = np.bincount(row, weights=correct)
    n = len(frames)
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=DRAWS)
    low, high = np.quantile(100 * (drawn @ right) / (drawn @ frames), [0.025, 0.975])
    value = 100 * float(correct.mean())
    return Measure("top1", "%", value, n, boot_low=float(low), boot_high=float(high), layer=layer)
