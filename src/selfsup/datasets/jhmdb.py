"""JHMDB: short videos of people with the joints of every frame, for testing a tracker trained on procedural clips.

Source: Jhuang et al. 2013, Towards understanding action recognition.
"""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets import moving_scenes
from selfsup.datasets.content.decoding import decode
from selfsup.datasets.content.lists import read_lines
from selfsup.datasets.content.sequences import Sequence, read_sequences, sequences_lock
from selfsup.datasets.content.videos import Video, frame_folder
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

PROVIDES = ("clip",)
FRAMES, JOINTS, LISTS = "Rename_Images", "joint_positions", "splits"
TEST = "2"  # marks the test videos in the list of a split


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the JHMDB videos under ``root``: one split, test, the test videos of split 1."""
    return sequences_lock(_sequences(root))


def prepare(
    folder: Path,
    *,
    root: Path,
    lock: dict[str, Any],
    height_px: PositiveInt = 120,
    test_examples: PositiveInt | None = None,
    test_frames: PositiveInt | None = None,
    size_px: PositiveInt = 64,
    frames: PositiveInt = 8,
    train_examples: PositiveInt = 800,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``test.h5``: the videos with ``keypoint``, 15 joints, and ``train.h5``: clips of moving_scenes; see davis.py.

    Raises InputError where a frame or a file of joints is missing or damaged, or the files are not those of the lock.

    Args:
        height_px: height in pixels of the test frames; the width follows.
        test_examples: test sequences, the first ones; by default all.
        test_frames: frames of a test sequence, the first ones; by default all.
        size_px: side in pixels of the generated training clips.
        frames: frames of a training clip.
        train_examples: training clips, which are generated.
        seed: seed of the generated data.
    """
    test = read_sequences(_sequences(root), root, lock, height_px=height_px, examples=test_examples, frames=test_frames)
    train = moving_scenes.generate("train", train_examples, frames=frames, size_px=size_px, seed=seed)
    for split, arrays in (("train", train), ("test", test)):
        write_split(folder / f"{split}.h5", arrays, dataset="jhmdb", classes=[], size_px=size_px)


def _sequences(root: Path) -> list[Sequence]:
    lists = sorted((root / LISTS).glob("*_test_split1.txt"))
    if not lists:
        raise InputError(f"{root / LISTS} has no <class>_test_split1.txt; put the published JHMDB there")
    sequences = []
    for file in lists:
        action = file.name.removesuffix("_test_split1.txt")
        for line in read_lines(file, "put the published list there"):
            name, _, part = line.rpartition(" ")
            if part == TEST:
                sequences.append(_sequence(root, f"{action}/{Path(name).stem}"))
    return sequences


def _sequence(root: Path, name: str) -> Sequence:
    if not (root / FRAMES / name).is_dir():
        raise InputError(f"{root / FRAMES / name}, a test video of split 1, is missing; restore its frames")
    video, file = frame_folder(root / FRAMES / name), root / JOINTS / name / "joint_positions.mat"
    keypoint = _joints(file)
    if len(keypoint) > len(video.files):
        raise InputError(
            f"{video.path} has {len(video.files)} frames, but {file} has {len(keypoint)}; restore the frames"
        )
    width, height = decode(video.files[0]).size
    outside = ((keypoint < 0) | (keypoint > np.array([width, height]))).any(-1)
    keypoint[outside] = np.nan
    return Sequence(Video(video.path, video.files[: len(keypoint)]), keypoint=keypoint)


def _joints(file: Path) -> np.ndarray:
    """Return joints (T, 15, 2), x y pixels from the top left corner; the file counts pixels from 1."""
    from scipy.io import loadmat  # imported here because no other data set needs it

    if not file.is_file():
        raise InputError(f"{file} is missing; restore the published joints")
    try:
        positions = np.asarray(loadmat(file)["pos_img"], np.float32)
    except Exception as error:  # scipy raises many kinds of errors; each means a damaged file
        raise InputError(f"{file} has no joint positions (pos_img); replace it by the published file") from error
    return positions.transpose(2, 1, 0) - 0.5
