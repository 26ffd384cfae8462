"""Videos on disk, as folders of numbered frames or as video files: their frames in order, and the lock of clips."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from selfsup.datasets.content.class_folders import IMAGE_SUFFIXES
from selfsup.datasets.content.decoding import decode
from selfsup.datasets.content.keys import numbered
from selfsup.datasets.content.sources import UNLABELLED
from selfsup.datasets.content.walk import files_below, tell
from selfsup.datasets.lock import make_lock
from selfsup.errors import InputError

VIDEO_SUFFIXES = {".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}


@dataclass(frozen=True)
class Video:
    """A folder of frames, ``files`` in order, or one video file, whose ``files`` are empty."""

    path: Path
    files: list[Path]

    def frames(self) -> Iterator[Image.Image]:
        """Return the RGB frames; InputError where one cannot be decoded."""
        return map(decode, self.files) if self.files else _frames_of_file(self.path)

    def file(self, number: int) -> Path:
        """Return the file of a frame."""
        return self.files[number] if self.files else self.path


@dataclass(frozen=True)
class Clip:
    """The hash of a video, whether it is grey, and its arrays, empty where only the lock is needed."""

    hash: str
    grey: bool
    arrays: dict[str, np.ndarray]


def clips_lock(splits: Mapping[str, Sequence[Clip]]) -> dict[str, Any]:
    """Return the lock of unlabelled clips; see lock.py for its keys."""
    keys = {split: numbered(sorted(clip.hash for clip in clips)) for split, clips in splits.items()}
    unlabelled = {split: (names, [UNLABELLED] * len(names)) for split, names in keys.items()}
    return make_lock(unlabelled, grey=all(clip.grey for clips in splits.values() for clip in clips))


def frame_folder(folder: Path) -> Video:
    """Return the video whose frames are the images of a folder, in the order of their numbers.

    Raises InputError where the folder has no frames, a file name does not end in a number, or a number is missing or twice.
    """
    frames = [f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES and not f.name.startswith(".")]
    if not frames:
        raise InputError(f"{folder} has no frames; put the images of the video there, or remove the folder")
    by_number: dict[int, Path] = {}
    for file in sorted(frames):
        other = by_number.setdefault(_number(file), file)
        if other != file:
            raise InputError(
                f"{folder} has two files for one frame, {other.name} and {file.name}; keep one, or sort them apart"
            )
    for number in range(min(by_number), max(by_number)):
        if number not in by_number:
            before = by_number[number - 1].name
            raise InputError(f"{folder} has no frame {number} after {before}; restore it, or renumber the frames")
    return Video(folder, [by_number[number] for number in sorted(by_number)])


def videos_below(folder: Path) -> list[Video]:
    """Return every video file and every folder of frames below a folder, sorted by path; links are followed."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; put the videos there")
    skipped: Counter[str] = Counter()
    found = files_below(folder, {*VIDEO_SUFFIXES, *IMAGE_SUFFIXES}, skipped)
    tell(folder, skipped)
    files = [Video(file, []) for file in found if file.suffix.lower() in VIDEO_SUFFIXES]
    parents = {file.parent for file in found if file.suffix.lower() in IMAGE_SUFFIXES}
    videos = sorted([*files, *(frame_folder(parent) for parent in parents)], key=lambda video: video.path)
    if not videos:
        raise InputError(f"{folder} has neither video files nor folders of frames; put the videos there")
    return videos


def _number(file: Path) -> int:
    digits = re.search(r"(\d+)$", file.stem)
    if digits is None:
        raise InputError(
            f"{file} has no number at the end of its name, so its position in the video is unknown; rename it"
        )
    return int(digits[1])


def _frames_of_file(path: Path) -> Iterator[Image.Image]:
    import cv2  # imported here because folders of frames do not need it

    capture = cv2.VideoCapture(str(path))
    count = 0
    try:
        while (read := capture.read())[0]:
            count += 1
            yield Image.fromarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    finally:
        capture.release()
    if not count:
        raise InputError(f"{path} cannot be decoded as a video; replace or remove it")
