"""Strips: each run's own views, and its predictions on held-out images, as PNGs."""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from selfsup.report.group import Group

CELLS = 9  # of a column of the page
CELL_PX = 64
MARGIN_PX = 2
IMAGES = 6
COMPRESSION = 7  # of PNG: 9 takes five times as long to save one hundredth
WEBP_QUALITY = 95
ANIMATION = b"acTL"  # the chunk of an animated PNG
# Names of images in predictions.h5: what the method was given, and its answer; all others are its intermediate results.
ORIGINAL, INPUT, OUTPUT = "original", ("masked", "asked"), ("filled", "predicted")


@dataclass(frozen=True)
class Strip:
    """A PNG of images in rows, with a cell of equal width per caption; ``owner`` is the title of the run, if of one.

    ``width`` is its share of a column.
    """

    name: str
    title: str
    captions: list[str]
    png: bytes
    owner: str = ""
    width: float = 1.0

    @property
    def data_uri(self) -> str:
        """The picture for inside a page, in half of the bytes; one that moves is as it is."""
        kind, content = "png", self.png
        if ANIMATION not in content:
            stream = io.BytesIO()
            Image.open(io.BytesIO(content)).save(stream, "WEBP", quality=WEBP_QUALITY, method=2)
            kind, content = "webp", stream.getvalue()
        return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def picture(images: np.ndarray) -> bytes:
    """Return images uint8 (rows, columns, 3, H, W) as one PNG."""
    stream = io.BytesIO()
    Image.fromarray(cells(images), "RGBA").save(stream, "PNG", optimize=False, compress_level=COMPRESSION)
    return stream.getvalue()


def cells(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (rows, columns, 3, H, W) as one of RGBA, with transparent margins between them.

    Pixels become squares, so that a cell is at least CELL_PX wide: tiles of 10 px are shown as large as images.
    """
    times = -(-CELL_PX // images.shape[-1])
    opaque = np.concatenate([images, np.full_like(images[:, :, :1], 255)], 2)
    framed = np.pad(opaque.repeat(times, -1).repeat(times, -2), ((0, 0),) * 3 + ((MARGIN_PX, MARGIN_PX),) * 2)
    rows, columns, channels, height, width = framed.shape
    return framed.transpose(0, 3, 1, 4, 2).reshape(rows * height, columns * width, channels)


def gallery(group: Group) -> list[list[Strip]]:
    """Return the panels of each variant's first seed; a run without ``views.h5`` has none.

    Variants with the views of one before them (another loss or head) are omitted.
    """
    galleries: list[list[Strip]] = []
    known = set()
    for variant, member in group.first_seeds.items():
        strips = _panels(group, variant, member.gallery / "views.h5")
        content = tuple((strip.title, tuple(strip.captions), strip.png) for strip in strips)
        if strips and content not in known:
            known.add(content)
            galleries.append(strips)
    return galleries


def _panels(group: Group, variant: str, path: Path) -> list[Strip]:
    strips: list[Strip] = []
    if not path.exists():
        return strips
    with h5py.File(path, "r") as file:
        for name in sorted(file, key=lambda key: int(key.removeprefix("panel"))):
            panel = file[name]
            captions, png = list(json.loads(panel.attrs["captions"])), picture(np.asarray(panel["images"])[None])
            width = min(1.0, len(captions) / CELLS)
            full_name, title = f"{group.name}-{variant}-{name}", str(panel.attrs["title"])
            strips.append(Strip(full_name, title, captions, png, group.title(variant), width))
    return strips


def comparisons(group: Group) -> list[Strip]:
    """Return a picture per kind of prediction and input: a row per held-out image, a column per method.

    The first column is the input, the last the original; methods with another input (another mask) have a picture of their
    own.
    """
    predictions: dict[tuple[str, bytes], dict[str, dict[str, np.ndarray]]] = {}
    for variant, member in group.first_seeds.items():
        path = member.predictions / "predictions.h5"
        if path.exists():
            with h5py.File(path, "r") as file:
                images = {name: array[:IMAGES] for name, array in file["images"].items()}
                kind = str(file.attrs["kind"])
            predictions.setdefault((kind, _input(images).tobytes()), {})[variant] = images
    count: Counter[str] = Counter()
    strips = []
    for (kind, _), by_variant in predictions.items():
        count[kind] += 1
        name = f"{group.name}-{kind}" + (f"-{count[kind]}" if count[kind] > 1 else "")
        strips.append(_comparison(name, group, by_variant))
    return strips


def _comparison(name: str, group: Group, by_variant: dict[str, dict[str, np.ndarray]]) -> Strip:
    first = next(iter(by_variant.values()))
    captions, columns = ["input"], [_input(first)]
    for variant, images in by_variant.items():
        intermediate = [name for name in sorted(images) if name not in (ORIGINAL, *INPUT, *OUTPUT)]
        captions += [*(name.replace("_", " ") for name in intermediate), group.title(variant)]
        columns += [*(images[name] for name in intermediate), *(images[name] for name in OUTPUT if name in images)]
    png = picture(np.stack([*columns, first[ORIGINAL]], 1))
    return Strip(name, "Held-out images: one input, each method's prediction", [*captions, ORIGINAL], png)


def _input(images: dict[str, np.ndarray]) -> np.ndarray:
    """Return a method's input, by default the original without its colour (ITU-R 601 luma)."""
    if named := [images[name] for name in INPUT if name in images]:
        return named[0]
    luma = np.round(np.tensordot([0.299, 0.587, 0.114], images[ORIGINAL], (0, 1))).astype(np.uint8)
    return np.repeat(luma[:, None], 3, 1)
