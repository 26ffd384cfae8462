"""LibriSpeech with the phone alignments and the split lists published with the CPC paper.

Below the root: ``<part>/<speaker>/<chapter>/<speaker>-<chapter>-<utterance>.flac`` (the folder LibriSpeech, or its
contents), ``converted_aligned_phones.txt`` (one line per utterance: its name, then a phone number every 10 ms),
``train_split.txt`` and ``test_split.txt`` (one name per line).

Source: Panayotov et al. 2015 (LibriSpeech); van den Oord et al. 2018 (CPC), section 3.1, for the phones and the split.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from selfsup.datasets.content.lists import read_lines
from selfsup.datasets.content.recordings import Cut, Recording, Recordings, lock_of, write_recordings
from selfsup.datasets.content.walk import files_below
from selfsup.errors import InputError

PROVIDES = ("waveform", "labelled_waveform")
PHONES = 41
CLASSES = [str(phone) for phone in range(PHONES)]
ALIGNMENTS = "converted_aligned_phones.txt"
SOUND_SUFFIXES = {".flac", ".wav"}


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the utterances under ``root``."""
    return lock_of(_recordings(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    seconds: PositiveFloat = 2.56,
    rate_hz: PositiveInt = 16000,
    shortest_seconds: PositiveFloat = 1.28,
    train_examples: PositiveInt | None = None,
    test_examples: PositiveInt | None = None,
) -> None:
    """Write ``train.h5`` and ``test.h5``: waveform int16 (N, S), content (N, F), -1 in the padding, speaker (N,), key.

    Raises InputError where an utterance or its alignment is missing, damaged, too short or not the one of the lock.

    Args:
        seconds: length of a waveform; longer recordings are cut, shorter ones padded with silence.
        rate_hz: samples per second.
        shortest_seconds: a shorter recording is an error.
        train_examples: training examples, the first ones; by default all.
        test_examples: test examples, the first ones; by default all.
    """
    counts = {"train": train_examples, "test": test_examples}
    cut = Cut(seconds, rate_hz, shortest_seconds)
    write_recordings(folder, _recordings(root), lock, counts, cut, dataset="librispeech")


def _recordings(root: Path) -> Recordings:
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; put LibriSpeech and its phone alignments there, or correct source")
    files: dict[str, Path] = {}
    for path in files_below(root, SOUND_SUFFIXES, Counter()):
        if (other := files.setdefault(path.stem, path)) != path:
            raise InputError(f"{root} has two recordings of {path.stem}, {other} and {path}; keep one")
    phones = _alignments(root / ALIGNMENTS)
    names = {split: _lines(root / f"{split}_split.txt") for split in ("train", "test")}
    speakers = sorted({name.split("-")[0] for listed in names.values() for name in listed})
    splits: dict[str, list[Recording]] = {"train": [], "test": []}
    for split, listed in names.items():
        for name in listed:
            if name not in files:
                raise InputError(
                    f"{root}/{split}_split.txt names {name}, which has no .flac file; add it, or remove the line"
                )
            if name not in phones:
                raise InputError(f"{files[name]} has no alignment; add its line to {root}/{ALIGNMENTS}")
            splits[split].append(Recording(files[name], speakers.index(name.split("-")[0]), phones[name]))
    return Recordings(root, CLASSES, splits)


def _alignments(file: Path) -> dict[str, np.ndarray]:
    """Return {utterance: its phones, one every 10 ms}."""
    phones = {}
    for number, line in enumerate(_lines(file), start=1):
        name, *numbers = line.split()
        if len(numbers) < 2 or not all(text.isdecimal() and int(text) < PHONES for text in numbers):
            raise InputError(
                f"{file}, line {number}, is not a name and phones from 0 to {PHONES - 1}; restore the published file"
            )
        phones[name] = np.array(numbers, np.int64)
    return phones


def _lines(file: Path) -> list[str]:
    return read_lines(file, "put the file published with the CPC paper there")
