"""Inpainting: how well a method fills holes in held-out images, beside fills that need no training."""

import json

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import read_images
from selfsup.errors import InputError
from selfsup.evaluations.baselines.nearest_context import context_histogram, hog, last_maps, nearest_fill
from selfsup.evaluations.baselines.untrained import untrained_encoder
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.fill_quality import fill_quality, measures
from selfsup.evaluations.reading.prediction_file import read_predictions
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure
from selfsup.views.holes import mean_filled

NEEDS = ("target", "weights", "predictions")
SHOWN = {
    "title": "Inpainting quality",
    "metrics": {
        "l1": {"title": "mean L1", "unit": "%", "better": "lower", "decimals": 2},
        "l2": {"title": "mean L2", "unit": "%", "better": "lower", "decimals": 2},
        "psnr": {"title": "PSNR", "unit": "dB", "better": "higher", "decimals": 2},
        "sharpness": {
            "title": "sharpness",
            "unit": "ratio",
            "better": "none",
            "decimals": 2,
            "note": "gradient energy, to the original's",
        },
    },
    "names": {
        "nearest_learned": "nearest neighbour, learned features",
        "nearest_hog": "nearest neighbour, HOG",
        "nearest_untrained": "nearest neighbour, untrained network",
        "nearest_histogram": "nearest neighbour, colour histogram",
        "mean_fill": "mean colour",
    },
    "note": "A nearest neighbour fills the hole with the training image whose visible part is most alike.",
}


def evaluate(
    inputs: Inputs, *, candidates: PositiveInt, hog_cell_px: PositiveInt, batch_size: PositiveInt
) -> list[Measure]:
    """Return ``l1``, ``l2``, ``psnr`` and ``sharpness`` of the method's fills and of the baselines'.

    ``nearest_learned``, ``nearest_untrained``, ``nearest_hog`` and ``nearest_histogram`` copy the same region of
    that one of the first ``candidates`` training images whose visible part is nearest by the features of the run's
    encoder, of an untrained one, by HOG, or by its colours; ``mean_fill`` is the mean colour of the visible part.
    NotApplicable where the run's method fills no holes; InputError where an image has no 2 x 2 cells for HOG.

    Args:
        candidates: training images from which the baselines copy.
        hog_cell_px: side in pixels of a cell of the HOG baseline.
        batch_size: examples that pass through the encoder at once.

    Source: Pathak et al. 2016 (Context encoders), section 5.1 and table 1.
    Differs: every feature sees a hole of mean colour; where each image has its own hole, candidates are seen whole.
    """
    images, arrays = read_predictions(inputs.predictions, "inpainting")
    original, mask = images["original"], arrays["mask"].bool()
    if 2 * hog_cell_px > original.shape[-1]:
        raise InputError(
            f"key hog_cell_px is {hog_cell_px}, and images of "
            f"{original.shape[-1]} px have no 2 x 2 cells; set {original.shape[-1] // 2} or less"
        )
    train = torch.from_numpy(read_images(inputs.target / "train.h5")[:candidates, :3])
    train_mask = (mask[:1] if (mask == mask[:1]).all() else torch.zeros_like(mask[:1])).expand(len(train), -1, -1)
    masked, train_masked = _masked(original, mask), _masked(train, train_mask)
    described = {
        **_by_encoders(inputs, masked, train_masked, batch_size),
        "hog": (hog(masked, hog_cell_px), hog(train_masked, hog_cell_px)),
        "histogram": (context_histogram(original, mask), context_histogram(train, train_mask)),
    }
    fills = {"": images["filled"], "mean_fill": masked} | {
        f"nearest_{name}": nearest_fill(original, mask, train, *pair) for name, pair in described.items()
    }
    return [
        measure
        for baseline, filled in fills.items()
        for measure in measures(fill_quality(filled, original, mask), baseline)
    ]


def _masked(images: Tensor, mask: Tensor) -> Tensor:
    """Return uint8 images, their holes filled with the mean colour of what is visible."""
    return mean_filled(images.float(), mask).round().to(torch.uint8)


def _by_encoders(inputs: Inputs, masked: Tensor, train: Tensor, batch_size: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the features of held-out and of training images, of the run's encoder and of an untrained one."""
    masked, train = masked.to(inputs.device), train.to(inputs.device)
    description = json.loads((inputs.weights / "encoder.json").read_text(encoding="utf-8"))["description"]
    encoders = {
        "learned": load_encoder(inputs.weights).to(inputs.device),
        "untrained": untrained_encoder(description, train, inputs.seed, batch_size),
    }
    return {
        name: (last_maps(encoder, masked, batch_size), last_maps(encoder, train, batch_size))
        for name, encoder in encoders.items()
    }
