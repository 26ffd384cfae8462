"""Attention: whether a layer's activations, or a Transformer's attention, are where the objects are."""

import numpy as np
import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.pictures.rows import EXAMPLES, write_rows
from selfsup.evaluations.reading.dense import enlarged, layer_maps
from selfsup.evaluations.reading.objects import foreground, images
from selfsup.nn.encoder import Encoder, load_encoder
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Attention",
    "metrics": {
        "pointing": {"title": "pointing game", "unit": "%", "better": "higher", "over": ["layer"]},
        "energy": {"title": "energy on objects", "unit": "%", "better": "higher", "over": ["layer"]},
    },
    "names": {"centre": "the centre of the image", "uniform": "equal everywhere"},
    "figures": [
        {"kind": "lines", "metric": "pointing", "over": "layer"},
        {"kind": "lines", "metric": "energy", "over": "layer"},
    ],
    "pictures": "grid",
    "pictures_title": "held-out images, their objects, and where each layer is strong",
    "note": "The pointing game counts images whose strongest point is on an object; the energy is the share of the map's sum "
    "that is on objects. Neither uses labels; the first column of each is of the last layer.",
}
TINT = np.array([230.0, 60.0, 0.0])


def evaluate(
    inputs: Inputs, *, test_images: PositiveInt, power: PositiveFloat, centre_sd: PositiveFloat, batch_size: PositiveInt
) -> list[Measure]:
    """Return ``pointing`` and ``energy`` of the last layer and of each ``layer``.

    The map of a layer is the sum over channels of the absolute activations to a ``power``; that of a layer with attention is
    what its class token, or the mean of its patches, attends to, over all heads. Pointing is the share
    of images whose largest value is on an object, energy the mean share of the map, enlarged bilinearly, that is on objects, of
    images that have one.
    The baselines are ``centre``, a Gaussian around the middle, and, of the energy, ``uniform``. NotApplicable where the data
    have no segments, or no image of the first ``test_images`` shows an object.

    Args:
        test_images: test images, the first ones.
        power: of the absolute activations, 1 for their sum.
        centre_sd: standard deviation of the Gaussian around the middle, as a share of the image's side.
        batch_size: images that pass through the encoder at once.

    Source: Zagoruyko and Komodakis 2017 (Attention transfer), equation 1, as Gidaris et al. 2018 (RotNet), figure 3; Zhang et
    al. 2018 (Excitation backprop), section 4.2, for the pointing game; Wang et al. 2020 (Score-CAM), section 4.3, for the energy.
    Differs: the pointing game has no margin around the object, whose outline is known to the pixel.
    """
    objects = foreground(inputs.target / "test.h5")[:test_images]
    shows = objects.flatten(1).any(1)
    if not shows.any():
        raise NotApplicable("no test image shows an object")
    pixels, objects = images(inputs.target / "test.h5")[:test_images][shows], objects[shows]
    encoder = load_encoder(inputs.weights).to(inputs.device)
    with frozen(encoder):
        maps = attention_maps(encoder, pixels, power=power, batch_size=batch_size, device=inputs.device)
    middle = centre_prior(objects.shape[1:], centre_sd).expand_as(objects)
    write_pictures(inputs, pixels[:EXAMPLES], objects[:EXAMPLES], {layer: of[:EXAMPLES] for layer, of in maps.items()})
    last = next(reversed(maps))
    measures = []
    for layer, of_layer in [("", maps[last]), *maps.items()]:
        measures += [
            mean("pointing", "%", 100 * pointing(of_layer, objects), layer=layer),
            mean("energy", "%", 100 * energy(of_layer, objects), layer=layer),
        ]
    return [
        *measures,
        mean("pointing", "%", 100 * pointing(middle, objects), baseline="centre"),
        mean("energy", "%", 100 * energy(middle, objects), baseline="centre"),
        mean("energy", "%", 100 * energy(torch.ones_like(middle), objects), baseline="uniform"),
    ]


def pointing(maps: Tensor, objects: Tensor) -> Tensor:
    """Return (N,) float64: the share of the largest values of each map (N, h, w) whose place in the image is on ``objects``
    (N, H, W) bool: 1 or 0, or between them for ties. The place of a value is the middle of its cell."""
    rows, columns = (
        ((torch.arange(cells) + 0.5) * pixels / cells).long()
        for cells, pixels in zip(maps.shape[1:], objects.shape[1:], strict=True)
    )
    largest = maps == maps.flatten(1).max(1).values[:, None, None]
    return (largest & objects[:, rows][:, :, columns]).sum((1, 2)).double() / largest.sum((1, 2))


def energy(maps: Tensor, objects: Tensor) -> Tensor:
    """Return (N,) float64: the share of the sum of each map (N, h, w), not negative and enlarged, that is on ``objects`` (N, H,
    W) bool; a map of zeros counts as equal everywhere."""
    maps = enlarged(maps[:, None], (objects.shape[1], objects.shape[2]))[:, 0].double()
    maps = torch.where(maps.sum((1, 2), keepdim=True) > 0, maps, 1.0)
    return (maps * objects).sum((1, 2)) / maps.sum((1, 2))


def centre_prior(size: torch.Size, sd: float) -> Tensor:
    """Return a Gaussian (H, W) around the middle with a deviation of ``sd`` sides."""
    y, x = (((torch.arange(side) + 0.5) / side - 0.5) / sd for side in size)
    return (-0.5 * (y[:, None] ** 2 + x[None] ** 2)).exp()


@torch.no_grad()
def attention_maps(
    encoder: Encoder, pixels: Tensor, *, power: float, batch_size: int, device: str
) -> dict[str, Tensor]:
    """Return {layer: (N, h, w)} of images uint8 (N, 3, H, W); layers with attention are named ``<layer> attention``."""
    by_layer: dict[str, list[Tensor]] = {}
    batches = layer_maps(encoder, pixels, batch_size=batch_size, device=device)
    for maps, batch in zip(batches, pixels.split(batch_size), strict=True):
        of_batch = {layer: of.abs().pow(power).sum(1, keepdim=True) for layer, of in maps.items()}
        grid = next(iter(maps.values())).shape[2:]
        for layer, weights in encoder.attention(batch.to(device)).items():
            of_batch[f"{layer} attention"] = attended(weights, grid)
        for layer, of in of_batch.items():
            by_layer.setdefault(layer, []).append(of.float()[:, 0].cpu())
    return {layer: torch.cat(parts) for layer, parts in by_layer.items()}


def attended(weights: Tensor, grid: torch.Size) -> Tensor:
    """Return (N, 1, h, w): what the class token attends to, of weights (N, heads, L, L), the mean over heads; without a class
    token what the patches attend to on average."""
    patches = grid[0] * grid[1]
    others = weights.shape[-1] - patches
    row = weights[:, :, 0] if others else weights.mean(2)
    return row[:, :, others:].mean(1).unflatten(1, (1, *grid))


def write_pictures(inputs: Inputs, pixels: Tensor, objects: Tensor, maps: dict[str, Tensor]) -> None:
    """Write a row for each image uint8 (n, 3, H, W): itself, its objects, and each layer's map over it in grey."""
    shown = pixels.numpy()
    grey = np.repeat(shown.mean(1, keepdims=True), 3, 1)
    columns = [shown, _tinted(grey, objects.double().numpy())]
    for of_layer in (enlarged(of[:, None], (pixels.shape[2], pixels.shape[3]))[:, 0] for of in maps.values()):
        low, high = of_layer.amin((1, 2), keepdim=True), of_layer.amax((1, 2), keepdim=True)
        columns.append(_tinted(grey, ((of_layer - low) / (high - low).clamp(min=1e-12)).numpy()))
    write_rows(inputs, dict(zip(["image", "objects", *maps], columns, strict=True)))


def _tinted(grey: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Return images (n, 3, H, W) uint8 whose pixels are tinted by a strength (n, H, W) in [0, 1]."""
    mixed = 0.8 * strength[:, None]
    return np.rint((1 - mixed) * grey + mixed * TINT[:, None, None]).astype(np.uint8)
