"""Utterances: words of a small lexicon one after the other, with occasional pauses."""

import numpy as np

from selfsup.datasets.procedural.voice.phones import PHONES, SILENCE

PAUSE_PROBABILITY = 0.4
# Twelve words of three to five phones, the same for every seed.
WORDS = [np.random.default_rng([3, word]).permutation(SILENCE)[: 3 + word % 3] for word in range(12)]


def draw_phones(rng: np.random.Generator, utterances: int, frames: int) -> np.ndarray:
    """Return the phone of each frame, int64 (N, F). An utterance is a random cut of speech and may begin within a word."""
    return np.stack([_utterance(rng, frames) for _ in range(utterances)])


def _utterance(rng: np.random.Generator, frames: int) -> np.ndarray:
    skipped = int(rng.integers(0, 20))
    phones = np.empty(0, np.int64)
    while len(phones) < skipped + frames:
        word = WORDS[rng.integers(len(WORDS))]
        pause = [SILENCE] if rng.random() < PAUSE_PROBABILITY else []
        added = np.array([*word, *pause])
        phones = np.concatenate([phones, np.repeat(added, [_duration(rng, phone) for phone in added])])
    return phones[skipped : skipped + frames]


def _duration(rng: np.random.Generator, phone: int) -> int:
    return int(rng.integers(PHONES[phone].shortest_frames, PHONES[phone].longest_frames + 1))
