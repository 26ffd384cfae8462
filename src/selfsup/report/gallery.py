"""What each method saw and must answer: strips of its own views, one picture a panel."""

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from selfsup.report.content import Group, Member, Scoring

CELLS = 9
CELL_PX = 64
MARGIN_PX = 2


@dataclass(frozen=True)
class Strip:
    """One picture: ``png`` has its images side by side, a cell of equal width for each caption.

    A strip of the gallery is one row, a comparison has several.
    """

    name: str
    title: str
    captions: list[str]
    png: bytes

    @property
    def data_uri(self) -> str:
        """The picture, inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")

    @property
    def width(self) -> float:
        """Its share of the column: a cell is as wide, and an image as high, whatever the strip and its images hold."""
        return min(1.0, len(self.captions) / CELLS)


def gallery(group: Group) -> dict[str, list[Strip]]:
    """Return the panels of each variant's first seed, by variant; a run without ``views.h5`` has none.

    A variant that saw just what one before it saw (its loss is another, or its head) is not shown again.
    """
    strips: dict[str, list[Strip]] = {}
    shown = set()
    for variant in group.variants:
        first = first_member(group, variant)
        if first is not None and (first.gallery / "views.h5").exists():
            found = _strips(group.name, variant, first.gallery / "views.h5")
            seen = tuple((strip.title, tuple(strip.captions), strip.png) for strip in found)
            if seen not in shown:
                shown.add(seen)
                strips[variant] = found
    return strips


def first_member(group: Group, variant: str) -> Member | None:
    """Return the variant's member with the suite's first seed."""
    return next((member for member in group.members if member.variant == variant), None)


def kept_file(scoring: Scoring, member: Member | None) -> Path | None:
    """Return the HDF5 file that an evaluation kept for the report beside a member's measures; None where there is none."""
    place = (scoring.target.name, scoring.protocol.name)
    measures = None if member is None else member.measures.get(place)
    file = None if measures is None else measures.parent / "pictures.h5"
    return file if file is not None and file.exists() else None


def _strips(group: str, variant: str, path: Path) -> list[Strip]:
    strips = []
    with h5py.File(path, "r") as file:
        for name in sorted(file, key=lambda key: int(key.removeprefix("panel"))):
            panel = file[name]
            captions = list(json.loads(panel.attrs["captions"]))
            png = picture(np.asarray(panel["images"])[None])
            strips.append(Strip(f"{group}-{variant}-{name}", str(panel.attrs["title"]), captions, png))
    return strips


def picture(images: np.ndarray) -> bytes:
    """Return images uint8 (rows, columns, 3, H, W) as one PNG."""
    stream = io.BytesIO()
    Image.fromarray(cells(images), "RGBA").save(stream, "PNG", optimize=False, compress_level=9)
    return stream.getvalue()


def cells(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (rows, columns, 3, H, W) in one of RGBA, clear between them so that it lies on any background.

    Pixels become squares, so that a cell is at least CELL_PX wide and a tile of 10 px is as easy to see as an image.
    """
    times = -(-CELL_PX // images.shape[-1])
    opaque = np.concatenate([images, np.full_like(images[:, :, :1], 255)], 2)
    framed = np.pad(opaque.repeat(times, -1).repeat(times, -2), ((0, 0),) * 3 + ((MARGIN_PX, MARGIN_PX),) * 2)
    rows, columns, channels, height, width = framed.shape
    return framed.transpose(0, 3, 1, 4, 2).reshape(rows * height, columns * width, channels)
