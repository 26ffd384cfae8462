"""DAVIS: whole videos with masks of their main object, for testing a tracker that is trained on procedural clips.

Source: Perazzi et al. 2016, A benchmark dataset and evaluation methodology for video object segmentation.
"""

from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets import moving_scenes
from selfsup.datasets.content.lists import read_lines
from selfsup.datasets.content.sequences import Sequence, read_sequences, sequences_lock
from selfsup.datasets.content.videos import Video, frame_folder
from selfsup.datasets.prepared import write_split
from selfsup.errors import InputError

PROVIDES = ("clip",)
FRAMES, MASKS, LIST = "JPEGImages/480p", "Annotations/480p", "ImageSets/2016/val.txt"


def register(root: Path) -> dict[str, Any]:
    """Return the lock of the DAVIS sequences under ``root``: one split, test."""
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
    """Write ``test.h5``: the sequences at ``height_px`` rows, and ``train.h5``: clips of moving_scenes.

    Raises InputError where a frame or a mask is missing, damaged or of another size, or the files are not those of the lock.

    Args:
        height_px: height in pixels of the test frames; the width follows.
        test_examples: test sequences, the first ones; by default all.
        test_frames: frames of a test sequence, the first ones; by default all.
        size_px: side in pixels of the generated training clips.
        frames: frames of a training clip.
        train_examples: training clips, which are generated.
        seed: seed of the generated data.

    Differs: masks are scored at ``height_px`` rows, not at 480; all objects of a sequence are one, as in DAVIS-2016.
    """
    test = read_sequences(_sequences(root), root, lock, height_px=height_px, examples=test_examples, frames=test_frames)
    train = moving_scenes.generate("train", train_examples, frames=frames, size_px=size_px, seed=seed)
    for split, arrays in (("train", train), ("test", test)):
        write_split(folder / f"{split}.h5", arrays, dataset="davis", classes=[], size_px=size_px)


def _sequences(root: Path) -> list[Sequence]:
    """Return the sequences on disk that the validation list names, or all where there is no list."""
    if not (root / FRAMES).is_dir():
        raise InputError(
            f"{root / FRAMES} is not a folder; put the published DAVIS there, or correct SELFSUP_DATA_ROOT"
        )
    names = sorted(path.name for path in (root / FRAMES).iterdir() if path.is_dir())
    if (root / LIST).is_file():
        words = [line.split()[0] for line in read_lines(root / LIST, "put the published list there")]
        listed = {Path(word).parent.name or word for word in words}  # one name, or one frame, per line
        names = [name for name in names if name in listed]
    if not names:
        raise InputError(f"{root / FRAMES} has no sequence of {LIST}; put the published DAVIS there")
    return [_sequence(frame_folder(root / FRAMES / name), root / MASKS / name) for name in names]


def _sequence(video: Video, folder: Path) -> Sequence:
    masks = [folder / f"{frame.stem}.png" for frame in video.files]
    for frame, mask in zip(video.files, masks, strict=True):
        if not mask.is_file():
            raise InputError(f"{mask}, the mask of {frame.name}, is missing; restore it, or remove the sequence")
    frames = {frame.stem for frame in video.files}
    if unpaired := sorted(mask.name for mask in folder.glob("*.png") if mask.stem not in frames):
        raise InputError(
            f"{folder / unpaired[0]} is the mask of a frame that {video.path} does not have; restore the frame"
        )
    return Sequence(video, masks)
