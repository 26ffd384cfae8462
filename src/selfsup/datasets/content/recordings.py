"""A user's recordings, adopted once: decoded, ordered by content, locked, and verified against the lock ever after."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfsup.datasets.content.keys import KEY_TYPE, digest, numbered, sound_hash
from selfsup.datasets.content.locked import check_locked
from selfsup.datasets.content.sound import decode, mono
from selfsup.datasets.prepared import FRAMES_PER_SECOND, write_split
from selfsup.errors import InputError

NO_CONTENT = -1


@dataclass(frozen=True)
class Recording:
    """A file, who speaks in it, and what: ``content`` (F,) has the class of each 10 ms frame, (1,) that of all frames."""

    path: Path
    speaker: int
    content: np.ndarray

    @property
    def label(self) -> str:
        """What the lock remembers of it beside its sound."""
        return f"{self.speaker} {' '.join(map(str, self.content.tolist()))}"


@dataclass(frozen=True)
class Recordings:
    """A user's set of recordings: its folder, the names of the classes of ``content``, and the recordings of each split."""

    root: Path
    classes: list[str]
    splits: dict[str, list[Recording]]


@dataclass(frozen=True)
class Cut:
    """What is kept of a recording: its first ``seconds`` at ``rate_hz``, filled up with silence.

    One shorter than ``shortest_seconds`` is refused.
    """

    seconds: float
    rate_hz: int
    shortest_seconds: float

    @property
    def samples(self) -> int:
        """S, the length of every example."""
        return round(self.seconds * FRAMES_PER_SECOND) * self.rate_hz // FRAMES_PER_SECOND


def lock_of(source: Recordings) -> dict[str, Any]:
    """Return the lock of a source; see lock.py for its shape."""
    return _facts(source, _ordered(source)) | {"size_px": None}


def write_splits(
    folder: Path, source: Recordings, lock: dict[str, Any], wanted: dict[str, int | None], cut: Cut, dataset: str
) -> None:
    """Write ``<split>.h5`` with the first ``wanted[split]`` recordings in the order of their hashes, all where it is None.

    Files are decoded twice, to be ordered and to be kept, so that memory holds no more than what is written.
    Raises InputError where the recordings are damaged, too few, too short, or not those that were locked.
    """
    if cut.rate_hz % FRAMES_PER_SECOND:
        raise InputError(f"rate_hz is {cut.rate_hz}: set it to a multiple of {FRAMES_PER_SECOND}, so that frames fit.")
    found = _ordered(source)
    check_locked(source.root, _facts(source, found), lock)
    for split, keyed in found.items():
        count = wanted[split] or len(keyed)
        if count > len(keyed):
            raise InputError(
                f"{split}_examples asks for {count} examples of {source.root}, which has {len(keyed)}: lower it."
            )
        chosen = dict(list(keyed.items())[:count])
        cuts = [_cut(recording, cut) for recording in chosen.values()]
        arrays = {
            "waveform": np.stack([waveform for waveform, _ in cuts]),
            "content": np.stack([content for _, content in cuts]),
            "speaker": np.array([recording.speaker for recording in chosen.values()], np.int64),
            "key": np.array(list(chosen), KEY_TYPE),
        }
        classes = source.classes
        write_split(folder / f"{split}.h5", arrays, dataset=dataset, classes=classes, size_px=0, rate_hz=cut.rate_hz)


def _ordered(source: Recordings) -> dict[str, dict[str, Recording]]:
    """Return {key: recording} of each split, in the order of the keys."""
    found = {}
    for split, recordings in source.splits.items():
        hashed = [(sound_hash(*decode(recording.path)), recording.label, recording) for recording in recordings]
        hashed.sort(key=lambda row: row[:2])
        keys = numbered(row[0] for row in hashed)
        found[split] = {key: row[2] for key, row in zip(keys, hashed, strict=True)}
    return found


def _facts(source: Recordings, found: dict[str, dict[str, Recording]]) -> dict[str, Any]:
    splits = {
        split: {"examples": len(keyed), "digest": digest(list(keyed), [one.label for one in keyed.values()])}
        for split, keyed in found.items()
    }
    return {"splits": splits, "classes": source.classes, "labelled": True, "grey": False}


def _cut(recording: Recording, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """Return the waveform int16 (S,) and the class of each of its frames (F,), NO_CONTENT where nothing was said."""
    heard = mono(*decode(recording.path), cut.rate_hz)
    if len(heard) < cut.shortest_seconds * cut.rate_hz:
        raise InputError(
            f"{recording.path} lasts {len(heard) / cut.rate_hz:.3f} s, less than the {cut.shortest_seconds:g} s of "
            "shortest_seconds: remove it, or lower that key of its params/data file."
        )
    waveform = np.zeros(cut.samples, np.int16)
    kept = heard[: cut.samples]
    waveform[: len(kept)] = kept
    frames = len(kept) * FRAMES_PER_SECOND // cut.rate_hz
    content = np.full(cut.samples * FRAMES_PER_SECOND // cut.rate_hz, NO_CONTENT, np.int64)
    said = recording.content if len(recording.content) > 1 else recording.content.repeat(frames)
    content[: min(frames, len(said))] = said[:frames]
    return waveform, content
