"""The filters of the first layer: what they look like, and how many of them are used."""

import math

import numpy as np
import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.pictures.rows import write_rows
from selfsup.nn.encoder import ConcatenatedEncoder, Encoder, load_encoder
from selfsup.results import Measure
from selfsup.views.lab import lab_to_rgb

NEEDS = ("weights",)
SHOWN = {
    "title": "First-layer filters",
    "labels": "no labels",
    "metrics": {
        "filters": {"title": "filters", "unit": "", "better": "none", "decimals": 0},
        "unused": {"title": "hardly used", "unit": "% of filters", "better": "lower"},
    },
    "pictures": "grid",
    "pictures_title": "filters of the first layer",
    "note": "A filter counts as hardly used where its norm is below a tenth of the largest. Each is shown on its own scale, grey "
    "being zero; those of lightness in grey, those of colour at one lightness.",
}
ZOOM, MARGIN_PX, WHITE = 6, 2, 255
MID_LIGHTNESS, AB_RANGE = 65.0, 80.0  # of the colours of filters without lightness, in Lab


def evaluate(inputs: Inputs, *, used: PositiveFloat) -> list[Measure]:
    """Return ``filters``, their number in the first layer, and ``unused``, the share with a small norm.

    NotApplicable where the first layer is no convolution of an image.

    Args:
        used: share of the largest norm from which on a filter counts as used.

    Source: Krizhevsky et al. 2012, figure 3; Zhang et al. 2016 (Colorization) and others show them for each method.
    """
    found = first_filters(load_encoder(inputs.weights))
    by_part = [weight.flatten(1).norm(dim=1) for weight in found]
    norms = torch.cat([of_part / of_part.max() for of_part in by_part])
    tiles = [tile(as_images(weight)) for weight in found]
    height = max(image.shape[1] for image in tiles)
    padded = [np.pad(of, ((0, 0), (0, height - of.shape[1]), (0, 0)), constant_values=WHITE) for of in tiles]
    write_rows(inputs, {"first layer": np.concatenate(padded, 2)[None]})
    return [
        Measure("filters", "", float(len(norms)), len(norms)),
        Measure("unused", "%", 100 * float((norms < used).double().mean()), len(norms)),
    ]


def first_filters(encoder: Encoder) -> list[Tensor]:
    """Return the weights (F, C, k, k) of the first convolution of each part of an encoder of images."""
    parts = list(encoder.parts) if isinstance(encoder, ConcatenatedEncoder) else [encoder]
    convolutions = [next((m for m in part.modules() if isinstance(m, nn.Conv2d)), None) for part in parts]
    found = [layer.weight.detach().float() for layer in convolutions if layer is not None and layer.in_channels <= 3]
    if not found:
        raise NotApplicable("the first layer is no convolution of an image")
    return found


def as_images(weight: Tensor) -> Tensor:
    """Return filters (F, C, k, k) as images (F, 3, k, k) in [0, 1], each on its own scale: RGB, lightness, or a and b."""
    scaled = weight / weight.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    if weight.shape[1] == 2:
        return lab_to_rgb(torch.cat([torch.full_like(scaled[:, :1], MID_LIGHTNESS), AB_RANGE * scaled], 1))
    return (0.5 + 0.5 * scaled).expand(-1, 3, -1, -1)


def tile(filters: Tensor) -> np.ndarray:
    """Return images (F, 3, k, k) in [0, 1] side by side in about a square, as one uint8 (3, H, W) on white."""
    columns = math.ceil(math.sqrt(len(filters)))
    pixels = (255 * filters).round().byte().numpy().repeat(ZOOM, 2).repeat(ZOOM, 3)
    framed = np.pad(
        pixels, ((0, -len(pixels) % columns), (0, 0), (0, MARGIN_PX), (0, MARGIN_PX)), constant_values=WHITE
    )
    count, channels, height, width = framed.shape
    rows = framed.reshape(count // columns, columns, channels, height, width)
    tiled: np.ndarray = rows.transpose(2, 0, 3, 1, 4).reshape(channels, -1, columns * width)
    return tiled
