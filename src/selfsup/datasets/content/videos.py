"""Videos on disk, as folders of numbered frames or as video files, and their frames in order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from selfsup.datasets.content.class_folders import IMAGE_SUFFIXES
from selfsup.datasets.content.decoding import decode
from selfsup.errors import InputError

VIDEO_SUFFIXES = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"}


@dataclass(frozen=True)
class Video:
    """A folder of frames, ``files`` in order, or one video file."""

    path: Path
    files: list[Path]

    def frames(self) -> Iterator[Image.Image]:
        """Yield the RGB frames; InputError where one cannot be decoded."""
        if self.files == [self.path]:
            yield from _frames_of_file(self.path)
        for file in self.files:
            if file != self.path:
                yield decode(file)


def frame_folder(folder: Path) -> Video:
    """Return the video whose frames are the images of a folder, in the order of their numbers.

    Raises InputError where the folder has no frames, a file name does not end in a number, or a number is missing.
    """
    frames = [f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES and not f.name.startswith(".")]
    if not frames:
        raise InputError(f"{folder} has no frames; put the images of the video there, or remove the folder")
    numbers = {_number(file): file for file in frames}
    for number in range(min(numbers), max(numbers)):
        if number not in numbers:
            before = numbers[number - 1]
            raise InputError(f"{folder} has no frame {number} after {before.name}; restore it, or renumber the frames")
    return Video(folder, [numbers[number] for number in sorted(numbers)])


def videos_below(folder: Path) -> list[Video]:
    """Return every video file and every folder of frames below a folder, sorted by path."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; put the videos there")
    files = [Video(f, [f]) for f in folder.rglob("*") if f.suffix.lower() in VIDEO_SUFFIXES]
    parents = {f.parent for f in folder.rglob("*") if f.suffix.lower() in IMAGE_SUFFIXES}
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
