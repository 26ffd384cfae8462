"""Pictures of kind ``matches``: the descriptors of both images as colours, and where queries are, were found, should be."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from selfsup.report.content import Group, Scoring
from selfsup.report.gallery import Strip, first_member, kept_file, picture

CELL_PX = 192
CAPTIONS = ["asked", "found (cross), true (ring)", "descriptors", "descriptors"]
# Okabe and Ito's colours, as in the gallery: a query, its answer and the truth have one.
COLOURS = np.array([[230, 159, 0], [86, 180, 233], [240, 228, 66], [204, 121, 167]], np.uint8)
RADIUS, WIDTH, OUTLINE = 7.0, 1.6, 1.2  # of a mark, in pixels of a cell


def matches(group: Group, scoring: Scoring) -> list[Strip]:
    """Return for each variant that matched pixels one picture: a row a pair, the images with marks and their descriptors."""
    strips = []
    for variant in group.variants:
        file = kept_file(scoring, first_member(group, variant))
        if file is not None:
            strips.append(_strip(group, scoring, variant, file))
    return strips


def _strip(group: Group, scoring: Scoring, variant: str, path: Path) -> Strip:
    with h5py.File(path, "r") as file:
        names = ("first", "second", "first_descriptors", "second_descriptors")
        first, second, *descriptors = (_enlarged(file[name][()]) for name in names)
        places = {name: file[name][()] * (CELL_PX / file["first"].shape[-1]) for name in ("query", "truth", "found")}
    for image, query in zip(first, places["query"], strict=True):
        _mark(image, query, _ring)
    for image, truth, found in zip(second, places["truth"], places["found"], strict=True):
        _mark(image, truth, _ring)
        _mark(image, found, _cross)
    images = np.stack([first, second, *descriptors], 1)
    title = f"{group.title(variant)}: pixels asked for in one image and found in the other; equal descriptors have equal colours"
    name = f"{group.name}-{variant}-{scoring.slug}"
    return Strip(name, title, CAPTIONS, picture(images))


def _enlarged(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (P, 3, H, W) at CELL_PX, each pixel a square as near as may be."""
    places = np.arange(CELL_PX) * images.shape[-1] // CELL_PX
    return np.ascontiguousarray(images[:, :, places][..., places])


def _mark(image: np.ndarray, places: np.ndarray, off: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Draw a mark at each of places (K, 2), x y, into an image (3, H, W): where ``off`` says that its line is near."""
    y, x = np.mgrid[: image.shape[1], : image.shape[2]] + 0.5
    for colour, place in zip(COLOURS, places[~np.isnan(places[:, 0])], strict=False):
        distance = off(x - place[0], y - place[1])
        image[:, distance < WIDTH / 2 + OUTLINE] = 0
        image[:, distance < WIDTH / 2] = colour[:, None]


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.hypot(x, y) - RADIUS)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the distance from the nearer of two diagonal lines, each as long as the ring is wide."""
    along, across = np.abs(x + y) / np.sqrt(2), np.abs(x - y) / np.sqrt(2)
    return np.maximum(np.minimum(along, across), np.maximum(along, across) - RADIUS)
