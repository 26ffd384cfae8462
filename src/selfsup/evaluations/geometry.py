"""Geometry of the embeddings, without labels: effective rank, alignment of two views, uniformity on the sphere."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.reading.objects import images
from selfsup.nn.encoder import Encoder, load_encoder
from selfsup.results import Measure
from selfsup.seeds import generator
from selfsup.views.crops import draw_boxes, resized_crop

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Geometry of the embeddings",
    "labels": "no labels",
    "metrics": {
        "effective_rank": {"title": "effective rank", "unit": "dimensions", "better": "higher"},
        "dimensions": {"title": "dimensions", "unit": "", "better": "none", "decimals": 0},
        "alignment": {"title": "alignment", "unit": "squared distance", "better": "lower", "decimals": 3},
        "uniformity": {"title": "uniformity", "unit": "log potential", "better": "lower", "decimals": 3},
    },
    "figures": [
        {"kind": "against", "metric": "effective_rank", "against": "linear_probe"},
    ],
    "note": "Of the encoder's output. The effective rank is the exponential of the entropy of the singular values; alignment and "
    "uniformity are of embeddings of length 1: the distance of two crops of an image, and how evenly all images are spread.",
}
T = 2.0  # of the Gaussian potential, the paper's


def evaluate(
    inputs: Inputs, *, test_images: PositiveInt, crop_scale_min: PositiveFloat, batch_size: PositiveInt
) -> list[Measure]:
    """Return ``effective_rank``, of ``dimensions``, ``alignment`` and ``uniformity`` of the test images' embeddings.

    Alignment is the mean squared distance of two random crops, mirrored or not, of an image. Uniformity is the logarithm of the
    mean of exp(-2 d^2) over all pairs of images, d their distance. Draws are those of a seed, the same for all methods.

    Args:
        test_images: test images, the first ones.
        crop_scale_min: smallest area of a crop, as a fraction of the image.
        batch_size: images that pass through the encoder at once.

    Source: Garrido et al. 2023 (RankMe), equation 1, for the effective rank; Wang and Isola 2020, equations in section 4.1.1.
    """
    pixels = images(inputs.target / "test.h5")[:test_images]
    encoder = load_encoder(inputs.weights).to(inputs.device)
    with frozen(encoder):
        whole = embed(encoder, pixels, batch_size, inputs.device)
        first, second = (
            embed(encoder, crops(pixels, inputs.seed, number, crop_scale_min), batch_size, inputs.device)
            for number in (0, 1)
        )
    distance = (F.normalize(first, dim=1) - F.normalize(second, dim=1)).square().sum(1)
    return [
        Measure("effective_rank", "dimensions", effective_rank(whole), len(pixels)),
        Measure("dimensions", "", float(whole.shape[1]), len(pixels)),
        mean("alignment", "squared distance", distance),
        Measure("uniformity", "log potential", uniformity(whole), len(pixels)),
    ]


def crops(images: Tensor, seed: int, number: int, scale_min: float) -> Tensor:
    """Return a random resized crop, mirrored or not, of each image uint8 (N, 3, H, W), in [0, 1]."""
    rng = generator(seed, "geometry", number)
    height_px, width_px = images.shape[2:]
    boxes = draw_boxes(len(images), rng, height_px=height_px, width_px=width_px, scale_min=scale_min)
    return resized_crop(images, boxes, torch.rand(len(images), generator=rng) < 0.5, height_px)


@torch.no_grad()
def embed(encoder: Encoder, images: Tensor, batch_size: int, device: str) -> Tensor:
    """Return float64 (N, D) of images (N, 3, H, W)."""
    return torch.cat([encoder(batch.to(device)).double().cpu() for batch in images.split(batch_size)])


def effective_rank(embeddings: Tensor) -> float:
    """Return the exponential of the entropy of the singular values of embeddings (N, D), as shares of their sum: from 1 to D."""
    values = torch.linalg.svdvals(embeddings.double())
    if not values.sum() > 0:
        return 0.0
    share = values / values.sum()
    return float(torch.special.entr(share).sum().exp())


def uniformity(embeddings: Tensor) -> float:
    """Return the logarithm of the mean over all pairs of embeddings (N, D), as unit vectors, of exp(-2 distance^2)."""
    squared = torch.pdist(F.normalize(embeddings.double(), dim=1)).square()
    return float((-T * squared).exp().mean().log())
