"""The pictures that evaluations store in ``pictures.h5``, by the kind that each declares: grid, matches, tracks."""

import io
import json
from collections.abc import Callable
from contextlib import ExitStack

import h5py
import numpy as np
from PIL import Image

from selfsup.report.group import Group, Scoring
from selfsup.report.strips import COMPRESSION, Strip, cells, picture

MATCH_PX = 192
MATCH_CAPTIONS = ["query", "match (cross), truth (ring)", "descriptors", "descriptors"]
# Okabe and Ito's colours, as in the gallery: a query, its match and the truth have one.
MARKS = np.array([[230, 159, 0], [86, 180, 233], [240, 228, 66], [204, 121, 167]], np.uint8)
RADIUS, WIDTH, OUTLINE = 7.0, 1.6, 1.2  # of a mark, in pixels of a cell

OBJECTS = np.array([[255, 120, 0], [0, 150, 255], [60, 200, 60], [220, 60, 200]], np.uint8)
POINTS = np.array([[255, 255, 255], [255, 255, 0], [0, 255, 255], [255, 160, 255]], np.uint8)
TINT = 0.5
FRAMES = 6  # of the still
FRAME_MS = 250
NO_BASELINES = ("frames", "length", "true", "method")  # of the file; everything else in it is a baseline


def pictures(group: Group) -> list[Strip]:
    """Return the pictures of each variant's first seed, in the order of the suite."""
    strips: list[Strip] = []
    for scoring in group.scorings:
        kind = scoring.protocol.shown.pictures
        paths = {variant: scoring.pictures(member) for variant, member in group.first_seeds.items() if kind}
        with ExitStack() as stack:
            files = {variant: stack.enter_context(h5py.File(path, "r")) for variant, path in paths.items() if path}
            if kind == "tracks":
                strips += _tracks(group, scoring, files) if files else []
            else:
                of_variant = _grid if kind == "grid" else _matches
                strips += [of_variant(group, scoring, variant, file) for variant, file in files.items()]
    return strips


def _grid(group: Group, scoring: Scoring, variant: str, file: h5py.File) -> Strip:
    """Return ``images`` uint8 (rows, columns, 3, H, W) below a caption per column."""
    title = f"{group.title(variant)}, {scoring.title}: {scoring.protocol.shown.pictures_title}"
    captions = json.loads(file.attrs["captions"])
    return Strip(f"{group.name}-{variant}-{scoring.slug}", title, captions, picture(file["images"][()]))


def _matches(group: Group, scoring: Scoring, variant: str, file: h5py.File) -> Strip:
    """Return a row per pair: both images with the queries, their matches and the truth, and their descriptors."""
    names = ("first", "second", "first_descriptors", "second_descriptors")
    first, second, *descriptors = (_enlarged(file[name][()]) for name in names)
    scale = MATCH_PX / file["first"].shape[-1]
    query, truth, match = (file[name][()] * scale for name in ("query", "truth", "found"))
    for n in range(len(first)):
        _mark(first[n], query[n], _ring)
        _mark(second[n], truth[n], _ring)
        _mark(second[n], match[n], _cross)
    title = f"{group.title(variant)}: pixels of one image matched in the other; equal descriptors have equal colours"
    images = picture(np.stack([first, second, *descriptors], 1))
    return Strip(f"{group.name}-{variant}-{scoring.slug}", title, MATCH_CAPTIONS, images)


def _enlarged(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (P, 3, H, W) at MATCH_PX, by nearest neighbours."""
    index = np.arange(MATCH_PX) * images.shape[-1] // MATCH_PX
    return np.ascontiguousarray(images[:, :, index][..., index])


def _mark(image: np.ndarray, points: np.ndarray, distance: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Draw a mark at points (K, 2), x y, into an image (3, H, W), where the ``distance`` from its line is small."""
    y, x = np.mgrid[: image.shape[1], : image.shape[2]] + 0.5
    for colour, point in zip(MARKS, points[~np.isnan(points[:, 0])], strict=False):
        from_line = distance(x - point[0], y - point[1])
        image[:, from_line < WIDTH / 2 + OUTLINE] = 0
        image[:, from_line < WIDTH / 2] = colour[:, None]


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.hypot(x, y) - RADIUS)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the distance from the nearer of two diagonal lines, each as long as the ring is wide."""
    along, across = np.abs(x + y) / np.sqrt(2), np.abs(x - y) / np.sqrt(2)
    return np.maximum(np.minimum(along, across), np.maximum(along, across) - RADIUS)


def _tracks(group: Group, scoring: Scoring, files: dict[str, h5py.File]) -> list[Strip]:
    """Return the propagated masks and keypoints of all clips, animated, and of the first clip over time.

    Columns are the truth, the variants, and the first variant's baselines.
    """
    first = next(iter(files.values()))
    length = first["length"][()]  # (n,) frames of each clip
    columns = {"truth": _painted(first, "true")}
    columns |= {group.title(variant): _painted(file, "method") for variant, file in files.items()}
    shown = scoring.protocol.shown
    columns |= {shown.name(name): _painted(first, name) for name in first if name not in NO_BASELINES}
    clips = np.stack(list(columns.values()))
    times = np.unique(np.linspace(0, length[0] - 1, FRAMES).round().astype(int))
    still = picture(clips[:, 0, times].swapaxes(0, 1))
    name = f"{group.name}-{scoring.slug}"
    return [
        Strip(f"{name}-moving", "Propagated labels of the first frame", list(columns), _animated(clips, length)),
        Strip(name, "The first clip over time, from top to bottom", list(columns), still),
    ]


def _animated(clips: np.ndarray, length: np.ndarray) -> bytes:
    """Return clips uint8 (columns, n, T, 3, H, W) as an animated PNG that repeats the last frame of shorter clips.

    Where animation is not supported, as in a PDF, the last frame is shown.
    """
    index = [np.minimum(frame, length - 1) for frame in range(length.max())]
    frames = [Image.fromarray(cells(clips[:, range(len(length)), n].swapaxes(0, 1)), "RGBA") for n in index]
    stream = io.BytesIO()
    animation = {
        "save_all": True,
        "default_image": True,
        "duration": FRAME_MS,
        "loop": 0,
        "compress_level": COMPRESSION,
    }
    frames[-1].save(stream, "PNG", append_images=frames, **animation)
    return stream.getvalue()


def _painted(file: h5py.File, name: str) -> np.ndarray:
    """Return frames uint8 (n, T, 3, H, W) with objects tinted and keypoints as dots of 3 x 3 pixels."""
    frames, mask = file["frames"][()], file[f"{name}/mask"][()]
    colour = OBJECTS[(mask.astype(int) - 1) % len(OBJECTS)].transpose(0, 1, 4, 2, 3)
    painted = np.where(mask[:, :, None] > 0, (1 - TINT) * frames + TINT * colour, frames).astype(np.uint8)
    keypoint = file[f"{name}/keypoint"][()]
    for n, t, k in zip(*np.nonzero(~np.isnan(keypoint).any(-1)), strict=True):
        column, row = np.floor(keypoint[n, t, k]).astype(int)
        dot = (..., slice(max(0, row - 1), max(0, row + 2)), slice(max(0, column - 1), max(0, column + 2)))
        painted[n, t][dot] = POINTS[k % len(POINTS), :, None, None]
    return painted
