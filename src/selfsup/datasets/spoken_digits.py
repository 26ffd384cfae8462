"""Spoken digits: ``recordings/<digit>_<speaker>_<take>.wav``; takes 0 to 4 of each digit and speaker are the test set.

Source: Jackson et al., Free Spoken Digit Dataset, whose own split this is.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from selfsup.datasets.content.recordings import Cut, Recording, Recordings, lock_of, write_recordings
from selfsup.errors import InputError

PROVIDES = ("waveform", "labelled_waveform")
CLASSES = [str(digit) for digit in range(10)]
NAME = re.compile(r"\d_[^_]+_\d+\.wav")
TEST_TAKES = 5


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the recordings under ``root``."""
    return lock_of(_recordings(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    seconds: PositiveFloat = 0.64,
    rate_hz: PositiveInt = 8000,
    shortest_seconds: PositiveFloat = 0.1,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5``: waveform int16 (N, S), content (N, F), -1 in the padding, speaker (N,), key.

    Raises InputError where a recording is missing, damaged, too short or not the one of the lock.

    Args:
        seconds: length of a waveform; longer recordings are cut, shorter ones padded with silence.
        rate_hz: samples per second.
        shortest_seconds: a shorter recording is an error.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    counts = {"train": train_examples, "test": test_examples}
    cut = Cut(seconds, rate_hz, shortest_seconds)
    write_recordings(folder, _recordings(root), lock, counts, cut, dataset="spoken_digits")


def _recordings(root: Path) -> Recordings:
    files = sorted((root / "recordings").glob("*.wav"))
    if not files:
        raise InputError(
            f"{root}/recordings has no .wav files; put <digit>_<speaker>_<take>.wav there, or correct source"
        )
    if wrong := [path for path in files if not NAME.fullmatch(path.name)]:
        raise InputError(f"{wrong[0]} is not named <digit>_<speaker>_<take>.wav; rename or remove it")
    names = [path.stem.split("_") for path in files]
    speakers = sorted({speaker for _, speaker, _ in names})
    splits: dict[str, list[Recording]] = {"train": [], "test": []}
    for path, (digit, speaker, take) in zip(files, names, strict=True):
        split = "test" if int(take) < TEST_TAKES else "train"
        splits[split].append(Recording(path, speakers.index(speaker), np.array([int(digit)])))
    if empty := [split for split, recordings in splits.items() if not recordings]:
        raise InputError(
            f"{root}/recordings has no takes for {empty[0]}; takes 0 to 4 are the test set, the others are for training"
        )
    return Recordings(root, CLASSES, splits)
