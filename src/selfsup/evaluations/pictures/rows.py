"""Rows of pictures that evaluations store beside their measures: images, and what was predicted of them."""

import colorsys
import json
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from selfsup.datasets.content.objects import VOID
from selfsup.evaluations.inputs import Inputs
from selfsup.hdf5 import write_arrays

EXAMPLES = 6
GOLDEN = 0.618034  # turns of hue between classes: neighbours differ most
OPACITY = 0.65
ZOOM = 3  # of images with boxes, whose outlines are one pixel wide


def write_rows(inputs: Inputs, columns: Mapping[str, np.ndarray]) -> None:
    """Write a row for each example, of columns {caption: images uint8 (n, 3, H, W)}."""
    arrays = {"images": np.stack(list(columns.values()), 1)}
    write_arrays(inputs.pictures / "pictures.h5", arrays, captions=json.dumps(list(columns)))


def write_segments(inputs: Inputs, pixels: Tensor, truth: Tensor, predicted: Tensor) -> None:
    """Write a row for each of the first images uint8 (N, 3, H, W): itself, and its true and predicted classes (N, H, W)."""
    pixels = pixels[:EXAMPLES]
    true, guessed = (painted(pixels, classes[:EXAMPLES]) for classes in (truth, predicted))
    write_rows(inputs, {"image": pixels.numpy(), "truth": true, "predicted": guessed})


def class_colours(classes: int) -> np.ndarray:
    """Return a colour (K, 3) in [0, 255] for each class."""
    hues = (np.arange(classes) * GOLDEN) % 1
    return 255 * np.array([colorsys.hls_to_rgb(hue, 0.5, 0.85) for hue in hues])


def painted(pixels: Tensor, classes: Tensor) -> np.ndarray:
    """Return images uint8 (n, 3, H, W) in grey, each pixel tinted by the colour of its class (n, H, W); VOID stays grey."""
    grey = np.repeat(pixels.double().mean(1, keepdim=True).numpy(), 3, 1)
    known = (classes != VOID).numpy()[:, None]
    colours = class_colours(VOID + 1)[classes.long().numpy()].transpose(0, 3, 1, 2)
    tinted = np.where(known, (1 - OPACITY) * grey + OPACITY * colours, grey)
    return np.rint(tinted).astype(np.uint8)


def outlined(image: Tensor, boxes: Tensor, labels: Tensor) -> np.ndarray:
    """Return an image uint8 (3, ZOOM H, ZOOM W) of (3, H, W), with boxes (m, 4), x0 y0 x1 y1 in pixels, in the colours of their
    classes (m,)."""
    drawn = image.numpy().repeat(ZOOM, 1).repeat(ZOOM, 2)
    height, width = drawn.shape[1:]
    for box, label in zip((ZOOM * boxes).round().long().tolist(), labels.tolist(), strict=True):
        left, right = (min(max(x, 0), width - 1) for x in (box[0], box[2] - 1))
        top, bottom = (min(max(y, 0), height - 1) for y in (box[1], box[3] - 1))
        colour = class_colours(label + 1)[label].round().astype(np.uint8)
        drawn[:, top : bottom + 1, [left, right]] = colour[:, None, None]
        drawn[:, [top, bottom], left : right + 1] = colour[:, None, None]
    return drawn
