"""What each method saw and must answer: strips of its own views, one picture a panel."""

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from selfsup.report.content import Group

MARGIN_PX = 1


@dataclass(frozen=True)
class Strip:
    """One panel: ``png`` is its images side by side, each in a cell of equal width, ``captions`` one a cell."""

    name: str
    title: str
    captions: list[str]
    png: bytes

    @property
    def data_uri(self) -> str:
        """The picture, inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def gallery(group: Group) -> dict[str, list[Strip]]:
    """Return the panels of each variant's first seed, by variant; a run without ``views.h5`` has none."""
    strips = {}
    for variant in group.variants:
        first = next((member for member in group.members if member.variant == variant), None)
        if first is not None and (first.run / "views.h5").exists():
            strips[variant] = _strips(group.name, variant, first.run / "views.h5")
    return strips


def _strips(group: str, variant: str, path: Path) -> list[Strip]:
    strips = []
    with h5py.File(path, "r") as file:
        for name in sorted(file, key=lambda key: int(key.removeprefix("panel"))):
            panel = file[name]
            captions = list(json.loads(panel.attrs["captions"]))
            png = _png(np.asarray(panel["images"]))
            strips.append(Strip(f"{group}-{variant}-{name}", str(panel.attrs["title"]), captions, png))
    return strips


def _png(images: np.ndarray) -> bytes:
    """Return images uint8 (n, 3, H, W) as one RGBA picture, clear between them so that it lies on any background."""
    opaque = np.full_like(images[:, :1], 255)
    framed = np.pad(np.concatenate([images, opaque], 1), ((0, 0), (0, 0), (0, 0), (MARGIN_PX, MARGIN_PX)))
    n, channels, height, width = framed.shape
    strip = framed.transpose(2, 0, 3, 1).reshape(height, n * width, channels)
    stream = io.BytesIO()
    Image.fromarray(strip, "RGBA").save(stream, "PNG", optimize=False, compress_level=9)
    return stream.getvalue()
