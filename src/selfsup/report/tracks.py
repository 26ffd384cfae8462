"""Pictures of kind ``tracks``: masks and keypoints as each method carried them through the same clips."""

import io
from dataclasses import dataclass

import h5py
import numpy as np
from PIL import Image

from selfsup.report.content import Group, Scoring
from selfsup.report.gallery import Strip, cells, first_member, kept_file, picture

OBJECTS = np.array([[255, 120, 0], [0, 150, 255], [60, 200, 60], [220, 60, 200]], np.uint8)
POINTS = np.array([[255, 255, 255], [255, 255, 0], [0, 255, 255], [255, 160, 255]], np.uint8)
TINT = 0.5
SHOWN_FRAMES = 6
OWN = ("frames", "length", "true", "method")  # of the file; whatever else it holds is a baseline
FRAME_MS = 250


@dataclass(frozen=True)
class Tracks:
    """The same clips by column: ``frames`` {caption: uint8 (n, T, 3, H, W)}, painted; ``length`` (n,) frames of each."""

    frames: dict[str, np.ndarray]
    length: np.ndarray


def tracks(group: Group, scoring: Scoring) -> list[Strip]:
    """Return two pictures, none where no run of the group has tracks: clips that move, and the first clip over time.

    Columns are the truth, each variant's first seed, and the first variant's baselines. The moving one is a PNG too: what
    shows no animation, such as the PDF, shows its last frame.
    """
    found = _read(group, scoring)
    if not found.frames:
        return []
    name = f"{group.name}-{scoring.slug}"
    captions, painted = list(found.frames), np.stack(list(found.frames.values()))
    chosen = np.unique(np.linspace(0, found.length[0] - 1, SHOWN_FRAMES).round().astype(int))
    still = picture(painted[:, 0, chosen].swapaxes(0, 1))
    return [
        Strip(
            f"{name}-moving",
            "Labels of the first frame, carried on",
            captions,
            _moving(painted, found.length),
        ),
        Strip(name, "The first clip over time, from the top down", captions, still),
    ]


def _moving(painted: np.ndarray, length: np.ndarray) -> bytes:
    """Return clips uint8 (columns, n, T, 3, H, W) as one animated PNG; a clip that has ended stands still."""
    last = int(length.max())
    shown = [np.minimum(frame, length - 1) for frame in range(last)]
    images = [Image.fromarray(cells(painted[:, range(len(length)), frame].swapaxes(0, 1)), "RGBA") for frame in shown]
    stream = io.BytesIO()
    law = {"save_all": True, "default_image": True, "duration": FRAME_MS, "loop": 0, "compress_level": 9}
    images[-1].save(stream, "PNG", append_images=images, **law)
    return stream.getvalue()


def _read(group: Group, scoring: Scoring) -> Tracks:
    """Return the truth, the tracks of every variant that has some, and the first one's baselines."""
    painted: dict[str, np.ndarray] = {}
    baselines: dict[str, np.ndarray] = {}
    length = np.empty(0, int)
    for variant in group.variants:
        file = kept_file(scoring, first_member(group, variant))
        if file is None:
            continue
        with h5py.File(file, "r") as source:
            if not painted:
                painted["truth"], length = _painted(source, "true"), source["length"][()]
                named = {name: scoring.protocol.shown.name(name) for name in source if name not in OWN}
                baselines = {caption: _painted(source, name) for name, caption in named.items()}
            painted[group.title(variant)] = _painted(source, "method")
    return Tracks(painted | baselines, length)


def _painted(source: h5py.File, name: str) -> np.ndarray:
    """Return frames uint8 (n, T, 3, H, W) with objects tinted and keypoints as dots of 3 x 3 pixels."""
    frames, mask = source["frames"][()], source[f"{name}/mask"][()]
    colour = OBJECTS[(mask.astype(int) - 1) % len(OBJECTS)].transpose(0, 1, 4, 2, 3)
    painted = np.where(mask[:, :, None] > 0, (1 - TINT) * frames + TINT * colour, frames).astype(np.uint8)
    keypoint = source[f"{name}/keypoint"][()]
    for n, t, k in zip(*np.nonzero(~np.isnan(keypoint).any(-1)), strict=True):
        column, row = np.floor(keypoint[n, t, k]).astype(int)
        dot = (..., slice(max(0, row - 1), max(0, row + 2)), slice(max(0, column - 1), max(0, column + 2)))
        painted[n, t][dot] = POINTS[k % len(POINTS), :, None, None]
    return painted
