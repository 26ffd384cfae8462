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
NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<take>\d+)\.wav")
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
    """Write ``train.h5`` and ``test.h5``: waveform int16 (N, S), content (N, F), speaker (N,), key.

    The first ``seconds`` of each recording are kept; a shorter one is padded with silence, where the content is -1. Raises
    InputError where a recording is missing, damaged, shorter than ``shortest_seconds`` or not the one of the lock.

    Args:
        seconds: length of a waveform; longer recordings are cut, shorter ones padded with silence.
        rate_hz: samples per second.
        shortest_seconds: shorter recordings are left out.
        train_examples: training examples; by default all.
        test_examples: test examples; by default all.
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
    named = [(path, NAME.fullmatch(path.name)) for path in files]
    if odd := [path for path, match in named if match is None]:
        raise InputError(f"{odd[0]} is not named <digit>_<speaker>_<take>.wav; rename or remove it")
    speakers = sorted({match["speaker"] for _, match in named if match})
    splits: dict[str, list[Recording]] = {"train": [], "test": []}
    for path, match in named:
        if match:
            split = "test" if int(match["take"]) < TEST_TAKES else "train"
            content = np.array([int(match["digit"])])
            splits[split].append(Recording(path, speakers.index(match["speaker"]), content))
    if empty := [split for split, recordings in splits.items() if not recordings]:
        raise InputError(
            f"{root}/recordings has no takes for {empty[0]}; takes 0 to 4 are the test set, the others are for training"
        )
    return Recordings(root, CLASSES, splits)
