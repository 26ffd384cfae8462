"""Maps of the embeddings: a panel per run, a point per test image in the colour of its class, with the image behind it."""

import base64
import io
import json
from pathlib import Path

import h5py
import matplotlib as mpl
import numpy as np
from PIL import Image

from selfsup.report.figures.style import GREY, STYLE, Plot, canvas, hues, plot
from selfsup.report.group import Group, Scoring

PANELS = 4  # side by side
PANEL_IN = 1.65
SPRITE_COLUMNS = 25
NAMED = 12  # classes that a legend can name


@mpl.rc_context(STYLE)
def point_map(group: Group, scoring: Scoring) -> Plot | None:
    """Return the map of each variant's first seed, in the order of the suite; None where none was made."""
    paths = {variant: scoring.pictures(member) for variant, member in group.first_seeds.items()}
    found = {variant: path for variant, path in paths.items() if path}
    if not found:
        return None
    label, classes = _classes(next(iter(found.values())))
    colours = _colours(label, len(classes))
    rows = -(-len(found) // PANELS)
    figure = canvas(PANEL_IN * min(PANELS, len(found)), (PANEL_IN + 0.2) * rows + 0.3)
    panels = figure.subplots(rows, min(PANELS, len(found)), squeeze=False).flat
    for n, (axes, (variant, path)) in enumerate(zip(panels, found.items(), strict=False)):
        with h5py.File(path, "r") as file:
            x, y = file["position"][()].T
        axes.scatter(x, y, s=5, c=colours, linewidths=0, gid=f"points-{n}")
        axes.set_title(group.title(variant))
    for axes in figure.axes:
        axes.set_axis_off()
    if 1 < len(classes) <= NAMED:
        marks = [mpl.lines.Line2D([], [], marker="o", ls="", color=c) for c in hues(len(classes))]
        figure.legend(marks, classes, loc="outside lower center", ncols=6, fontsize=7, handletextpad=0.1)
    caption = (
        f"{scoring.protocol.shown.title} {group.scored_on([scoring])}: {len(label)} test images of one seed by t-SNE"
        f"{', in the colours of their classes' if classes else ''}. Distances between clusters mean little."
    )
    return plot(figure, f"{group.name}-{scoring.slug}-map", caption, behind=_behind(next(iter(found.values()))))


def _classes(path: Path) -> tuple[np.ndarray, list[str]]:
    """Return the class of each image (N,), negative where there is none, and the names of the classes."""
    with h5py.File(path, "r") as file:
        label, names = file["label"][()], json.loads(file.attrs["classes"])
    return label, (names or [str(n) for n in range(label.max() + 1)]) if (label >= 0).all() else []


def _colours(label: np.ndarray, classes: int) -> list[str]:
    return [hues(classes)[n] if classes else GREY for n in label]


def _behind(path: Path) -> str:
    """Return as JSON what a pointer shows of each point: a sheet of the images, and their classes."""
    with h5py.File(path, "r") as file:
        images = file["images"][()]
    label, classes = _classes(path)
    stream = io.BytesIO()
    Image.fromarray(_sheet(images)).save(stream, "JPEG", quality=85)
    sheet = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
    size = {"width": images.shape[3], "height": images.shape[2], "columns": SPRITE_COLUMNS}
    return json.dumps({"sheet": sheet, **size, "classes": [classes[n] if classes else "" for n in label]})


def _sheet(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (N, 3, H, W) in rows of SPRITE_COLUMNS, as one (h, w, 3)."""
    padded = np.pad(images, ((0, -len(images) % SPRITE_COLUMNS), (0, 0), (0, 0), (0, 0)))
    rows = padded.reshape(-1, SPRITE_COLUMNS, *images.shape[1:])
    return rows.transpose(0, 3, 1, 4, 2).reshape(rows.shape[0] * images.shape[2], -1, 3)
