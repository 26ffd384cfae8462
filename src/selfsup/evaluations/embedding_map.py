"""A map of the embeddings: test images in two dimensions, near where their features are near."""

import json

import torch
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from sklearn.manifold import TSNE, trustworthiness
from torch import Tensor
from torch.nn import functional as F

from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.reading.objects import images
from selfsup.hdf5 import write_arrays
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure

NEEDS = ("target", "features")
SHOWN = {
    "title": "Map of the embeddings",
    "metrics": {"trustworthiness": {"title": "trustworthiness", "unit": "%", "better": "higher"}},
    "figures": [{"kind": "map", "metric": "trustworthiness"}],
    "note": "Trustworthiness is 100 where every image that a map puts among the nearest is among the nearest by the features "
    "too, and about 50 for points at random.",
}
UNLABELLED = -1


def evaluate(
    inputs: Inputs,
    *,
    test_images: PositiveInt,
    shown_px: PositiveInt,
    perplexity: PositiveFloat,
    neighbours: PositiveInt,
    pooling: Pooling,
    seed: NonNegativeInt,
) -> list[Measure]:
    """Return ``trustworthiness`` of the map, and store the map: positions, classes and small images.

    Features of the last layer are of length 1, so that distances follow cosines.

    Args:
        test_images: test images, the first ones.
        shown_px: largest side of an image that is stored.
        perplexity: of t-SNE, about how many neighbours an image has, at most a third of the images.
        neighbours: how many nearest images the trustworthiness is about.
        pooling: how a map of a layer becomes a vector.
        seed: of t-SNE's start, the same for all runs.

    Source: van der Maaten and Hinton 2008 (t-SNE), by scikit-learn; Venna and Kaski 2001, for the trustworthiness.
    """
    layer = files.layers(inputs.features)[-1]
    features = F.normalize(files.features(inputs.features, layer, pooling)[1][:test_images].double(), dim=1).numpy()
    if neighbours >= len(features) / 2:
        raise InputError(
            f"key neighbours is {neighbours}, of {len(features)} images; set it to fewer than half of them"
        )
    perplexity = min(perplexity, (len(features) - 1) / 3)
    position = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(features)
    value = trustworthiness(features, position, n_neighbors=neighbours)
    test = inputs.target / "test.h5"
    arrays = {
        "position": position.astype("float32"),
        "label": _labels(inputs)[: len(features)].numpy(),
        "images": _small(images(test)[: len(features)], shown_px).numpy(),
    }
    write_arrays(inputs.pictures / "pictures.h5", arrays, classes=json.dumps(read_split(test, []).classes))
    return [Measure("trustworthiness", "%", 100 * float(value), len(features))]


def _labels(inputs: Inputs) -> Tensor:
    try:
        return files.labels(inputs.features)[1]
    except NotApplicable:
        return torch.full((len(images(inputs.target / "test.h5")),), UNLABELLED)


def _small(pixels: Tensor, side_px: int) -> Tensor:
    """Return images uint8 (N, 3, H, W) averaged to at most ``side_px`` high and wide."""
    height, width = (min(size, side_px) for size in pixels.shape[2:])
    return F.adaptive_avg_pool2d(pixels.float(), (height, width)).round().byte()
