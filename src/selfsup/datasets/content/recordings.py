"""A user's recordings: decoded, ordered by content, locked once, and verified against that lock whenever they are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfsup.datasets.content.keys import KEY_TYPE, numbered, sound_hash
from selfsup.datasets.content.sound import decode
from selfsup.datasets.lock import check_lock, checked_count, make_lock
from selfsup.datasets.prepared import FRAMES_PER_SECOND, write_split
from selfsup.errors import InputError

NO_CONTENT = -1


@dataclass(frozen=True)
class Recording:
    """A file, its speaker, and its ``content``: the class of each 10 ms frame (F,), or one class of all frames (1,)."""

    path: Path
    speaker: int
    content: np.ndarray

    @property
    def label(self) -> str:
        """The label in the lock: the speaker and the content."""
        return f"{self.speaker} {' '.join(map(str, self.content.tolist()))}"


@dataclass(frozen=True)
class Recordings:
    """A user's recordings: their folder, the names of the classes of ``content``, and the recordings of each split."""

    root: Path
    classes: list[str]
    splits: dict[str, list[Recording]]


@dataclass(frozen=True)
class Cut:
    """The part of a recording that is kept: its first ``seconds`` at ``rate_hz``, padded with silence.

    A recording shorter than ``shortest_seconds`` is an error.
    """

    seconds: float
    rate_hz: int
    shortest_seconds: float

    @property
    def samples(self) -> int:
        """The length S of every example."""
        return round(self.seconds * FRAMES_PER_SECOND) * self.rate_hz // FRAMES_PER_SECOND


def lock_of(source: Recordings) -> dict[str, Any]:
    """Return the lock of a source; see lock.py for its keys."""
    return _lock(source, _ordered(source))


def write_recordings(
    folder: Path, source: Recordings, lock: dict[str, Any], counts: dict[str, int | None], cut: Cut, dataset: str
) -> None:
    """Write ``<split>.h5`` with the first ``counts[split]`` recordings (None: all) in the order of their hashes.

    Files are decoded twice, for hashing and for writing, which saves memory. Raises InputError
    where recordings are damaged, too few, too short, or not those of the lock.
    """
    if cut.rate_hz % FRAMES_PER_SECOND:
        raise InputError(
            f"rate_hz is {cut.rate_hz}; set it to a multiple of {FRAMES_PER_SECOND}, so that frames are whole samples"
        )
    splits = _ordered(source)
    check_lock(source.root, _lock(source, splits), lock)
    for split, by_key in splits.items():
        count = checked_count(split, counts[split], len(by_key), source.root)
        keys, recordings = list(by_key)[:count], list(by_key.values())[:count]
        cuts = [_cut(recording, cut) for recording in recordings]
        arrays = {
            "waveform": np.stack([waveform for waveform, _ in cuts]),
            "content": np.stack([content for _, content in cuts]),
            "speaker": np.array([recording.speaker for recording in recordings], np.int64),
            "key": np.array(keys, KEY_TYPE),
        }
        file, classes = folder / f"{split}.h5", source.classes
        write_split(file, arrays, dataset=dataset, classes=classes, size_px=0, rate_hz=cut.rate_hz)


def _ordered(source: Recordings) -> dict[str, dict[str, Recording]]:
    """Return {key: recording} of each split, in the order of the keys."""
    splits = {}
    for split, recordings in source.splits.items():
        hashed = [(sound_hash(*decode(recording.path)), recording.label, recording) for recording in recordings]
        hashed.sort(key=lambda row: row[:2])
        keys = numbered(row[0] for row in hashed)
        splits[split] = {key: row[2] for key, row in zip(keys, hashed, strict=True)}
    return splits


def _lock(source: Recordings, splits: dict[str, dict[str, Recording]]) -> dict[str, Any]:
    labels = {split: (list(by_key), [r.label for r in by_key.values()]) for split, by_key in splits.items()}
    return make_lock(labels, classes=source.classes, grey=False)


def _cut(recording: Recording, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """Return the waveform int16 (S,) and the class of each frame (F,), NO_CONTENT in the padding."""
    sound = mono(*decode(recording.path), cut.rate_hz)
    if len(sound) < cut.shortest_seconds * cut.rate_hz:
        raise InputError(
            f"{recording.path} lasts {len(sound) / cut.rate_hz:.3f} s, less than the {cut.shortest_seconds:g} s of "
            "shortest_seconds; remove it, or lower that key"
        )
    waveform = np.zeros(cut.samples, np.int16)
    sound = sound[: cut.samples]
    waveform[: len(sound)] = sound
    frames = len(sound) * FRAMES_PER_SECOND // cut.rate_hz
    content = np.full(cut.samples * FRAMES_PER_SECOND // cut.rate_hz, NO_CONTENT, np.int64)
    classes = recording.content if len(recording.content) > 1 else recording.content.repeat(frames)
    content[: min(frames, len(classes))] = classes[:frames]
    return waveform, content


def mono(samples: np.ndarray, rate_hz: int, target_hz: int) -> np.ndarray:
    """Return int16 (S',) at ``target_hz`` of samples (S, C) at ``rate_hz``: channels averaged, then resampled (soxr)."""
    if samples.shape[1] == 1 and rate_hz == target_hz:
        return samples[:, 0]
    mixed = samples.mean(1, dtype=np.float32)
    if rate_hz != target_hz:
        import soxr  # here: most files already have the rate

        resampled = soxr.resample(mixed, rate_hz, target_hz)
        length = int(np.ceil(len(mixed) * (target_hz / rate_hz)))
        mixed = np.pad(resampled, (0, max(0, length - len(resampled))))[:length]
    limits = np.iinfo(np.int16)
    return np.rint(mixed).clip(limits.min, limits.max).astype(np.int16)
