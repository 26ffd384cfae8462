"""What runs were pretrained on: how many examples of which classes, what guessing scores, and one example of each class."""

import json
from dataclasses import dataclass

import h5py
import numpy as np

from selfsup.report.group import Group
from selfsup.report.strips import CELLS, Strip, picture
from selfsup.report.tables import joined

MAX_CELLS = 12
IMAGES = ("image", "clip", "first")  # what a strip shows: an image, the first frame of a clip, the first of a pair
SOUND_LABELS = ("content", "speaker")


@dataclass(frozen=True)
class Examples:
    """A sentence, a strip where there are images, and what guessing the most frequent class of the test images scores."""

    sentence: str
    strip: Strip | None
    chance: float | None


def examples(group: Group) -> Examples | None:
    """Return the examples of a group's pretraining data; None where its files are not in ``data/``."""
    data = group.pretrain_data
    if not (data.prepared / "train.h5").exists():
        return None
    with h5py.File(data.prepared / "train.h5", "r") as train, h5py.File(data.prepared / "test.h5", "r") as test:
        classes = [str(name) for name in json.loads(train.attrs["classes"])]
        counts = f"{len(train['key']):,} training and {len(test['key']):,} test {_kind(train)}"
        chances = _chances(test)
        guessing = [
            f"always guessing the most frequent {title} scores {score:.1f}\N{NO-BREAK SPACE}%"
            for title, score in chances.items()
        ]
        sentence = f"{counts}; {joined(f'{len(classes)} classes' if classes else 'no classes', *guessing)}."
        return Examples(sentence + _shared(train, test), _strip(group, train, classes), chances.get("class"))


def _shared(train: h5py.File, test: h5py.File) -> str:
    """Return a sentence where test examples are training examples too; a key is the hash of the content, and a number."""
    known, asked = ({key.partition(b"-")[0] for key in file["key"][()].tolist()} for file in (train, test))
    both = len(known & asked)
    return (
        f" {both:,} of the test examples {'is a' if both == 1 else 'are'} training example{'s' * (both > 1)} too."
        if both
        else ""
    )


def _kind(file: h5py.File) -> str:
    """Return what an example is, with its size."""
    size = "images of {0} \N{MULTIPLICATION SIGN} {1} pixels"
    if "clip" in file:
        return f"clips of {file['clip'].shape[1]} frames, {size.format(*file['clip'].shape[-2:])}"
    if "first" in file:
        return f"pairs of {size.format(*file['first'].shape[-2:])}"
    if "waveform" in file:
        rate_hz = int(file.attrs["rate_hz"])
        return f"recordings of {file['waveform'].shape[-1] / rate_hz:.2g} s at {rate_hz:,} Hz"
    captions = f", each with {file['caption'].shape[1]} captions" if "caption" in file else ""
    return size.format(*file["image"].shape[-2:]) + captions


def _chances(test: h5py.File) -> dict[str, float]:
    """Return what the most frequent class of the test set scores, by kind of label."""
    labels = {"class": "label"} if "image" in test else {name: name for name in SOUND_LABELS}
    known = {title: np.asarray(test[name]).ravel() for title, name in labels.items() if name in test}
    return {title: _majority(values[values >= 0]) for title, values in known.items() if (values >= 0).any()}


def _majority(labels: np.ndarray) -> float:
    return 100.0 * float(np.bincount(labels).max()) / len(labels)


def _strip(group: Group, train: h5py.File, classes: list[str]) -> Strip | None:
    """Return the first training example of each class, or the first few where there are no classes."""
    array = next((train[name] for name in IMAGES if name in train), None)
    if array is None:
        return None
    labelled = bool(classes) and "label" in train
    labels = np.asarray(train["label"]) if labelled else np.arange(len(array))
    rows = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels[labels >= 0])[:MAX_CELLS]]
    images = np.stack([array[row] if array.ndim == 4 else array[row, 0] for row in rows])
    captions = [classes[labels[row]] if labelled else "" for row in rows]
    title = f"Training examples of {group.pretrain_data.name}"
    return Strip(f"{group.name}-examples", title, captions, picture(images[None]), width=min(1.0, len(rows) / CELLS))
