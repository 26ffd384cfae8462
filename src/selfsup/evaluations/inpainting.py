"""Inpainting: the quality of a method's fills of holes in held-out images, beside fills without training."""

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import read
from selfsup.errors import InputError
from selfsup.evaluations.baselines.raw_pixels import context_histogram, hog
from selfsup.evaluations.baselines.untrained import untrained_encoder
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.knn import cosine_similarity
from selfsup.evaluations.metrics.bootstrap import mean, ratio
from selfsup.evaluations.reading.files import read_predictions
from selfsup.nn.encoder import Encoder, load_encoder
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
            "note": "gradient energy over that of the original",
        },
    },
    "names": {
        "nearest_learned": "nearest neighbour, learned features",
        "nearest_hog": "nearest neighbour, HOG",
        "nearest_untrained": "nearest neighbour, untrained network",
        "nearest_histogram": "nearest neighbour, colour histogram",
        "mean_fill": "mean colour",
    },
    "note": "A nearest neighbour fills the hole with the training image whose visible part is most similar.",
}
# The mean squared error of rounding to 8 bits: a fill without any other error has 58.9 dB, not infinity.
ROUNDING = 1 / (12 * 255**2)


def evaluate(
    inputs: Inputs, *, candidates: PositiveInt, hog_cell_px: PositiveInt, batch_size: PositiveInt
) -> list[Measure]:
    """Return ``l1``, ``l2``, ``psnr`` and ``sharpness`` of the method's fills and of the baselines'.

    ``nearest_learned``, ``nearest_untrained``, ``nearest_hog`` and ``nearest_histogram`` copy the same region of the one
    of the first ``candidates`` training images whose visible part is nearest by the features of the run's encoder, of an
    untrained encoder, by HOG, or by its colours; ``mean_fill`` is the mean colour of the visible part.
    NotApplicable where the method fills no holes; InputError where an image has no 2 x 2 cells for HOG.

    Args:
        candidates: training images from which the baselines copy.
        hog_cell_px: side in pixels of a cell of the HOG baseline.
        batch_size: examples that pass through the encoder at once.

    Source: Pathak et al. 2016 (Context encoders), section 5.1 and table 1.
    Differs: all features are of images whose hole has the mean colour; where each image has its own hole, candidates have none.
    """
    images, arrays = read_predictions(inputs.predictions, "inpainting")
    original, mask = images["original"], arrays["mask"].bool()
    if 2 * hog_cell_px > original.shape[-1]:
        raise InputError(
            f"key hog_cell_px is {hog_cell_px}, and images of "
            f"{original.shape[-1]} px have no 2 x 2 cells; set {original.shape[-1] // 2} or less"
        )
    train = torch.from_numpy(read(inputs.target / "train.h5", "image")[:candidates, :3])
    train_mask = (mask[:1] if (mask == mask[:1]).all() else torch.zeros_like(mask[:1])).expand(len(train), -1, -1)
    masked, train_masked = _masked(original, mask), _masked(train, train_mask)
    descriptors = {
        **_encoder_maps(inputs, masked, train_masked, batch_size),
        "hog": (hog(masked, hog_cell_px), hog(train_masked, hog_cell_px)),
        "histogram": (context_histogram(original, mask), context_histogram(train, train_mask)),
    }
    fills = {"": images["filled"], "mean_fill": masked} | {
        f"nearest_{name}": nearest_fill(original, mask, train, *pair) for name, pair in descriptors.items()
    }
    return [
        measure for baseline, filled in fills.items() for measure in fill_measures(filled, original, mask, baseline)
    ]


def fill_measures(filled: Tensor, original: Tensor, mask: Tensor, baseline: str = "") -> list[Measure]:
    """Return ``l1``, ``l2``, ``psnr`` and ``sharpness`` of filled images uint8 (M, 3, H, W) in their holes, mask (M, H, W)
    bool, with 95 % bootstrap intervals over images.

    l1 and l2 are the mean absolute and squared error in percent of the range and of its square; psnr is the mean over
    images; sharpness is the total gradient energy of the fills over that of the originals, left out if that is 0.

    Source: Pathak et al. 2016 (Context encoders), table 1, which has no sharpness.
    """
    difference = (filled.double() - original.double()) / 255 * mask[:, None]
    values = 3 * mask.sum((1, 2))
    absolute = difference.abs().sum((1, 2, 3)) / values
    squared = difference.square().sum((1, 2, 3)) / values
    energy, original_energy = gradient_energy(filled, mask), gradient_energy(original, mask)
    measures = [
        mean("l1", "%", 100 * absolute, baseline=baseline),
        mean("l2", "%", 100 * squared, baseline=baseline),
        mean("psnr", "dB", -10 * squared.clamp(min=ROUNDING).log10(), baseline=baseline),
    ]
    if original_energy.sum() > 0:
        measures.append(ratio("sharpness", "ratio", energy, original_energy, baseline=baseline))
    return measures


def gradient_energy(images: Tensor, mask: Tensor) -> Tensor:
    """Return (M,) of images uint8 (M, 3, H, W): the sum of squared differences of neighbours that are both in the hole.

    The border between hole and context does not count, as a seam is not detail. Mask is (M, H, W) bool.
    """
    values = images.double() / 255
    energy = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    for axis in (1, 2):  # rows, columns
        inside = mask.narrow(axis, 1, mask.shape[axis] - 1) & mask.narrow(axis, 0, mask.shape[axis] - 1)
        energy += (values.diff(dim=axis + 1).square() * inside[:, None]).sum((1, 2, 3))
    return energy


def nearest_fill(original: Tensor, mask: Tensor, candidates: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Return original (M, 3, H, W) with its holes, mask (M, H, W), copied from the candidates (K, 3, H, W) of the greatest
    cosine between ``queries`` (M, D) and ``keys`` (K, D), the descriptors of both.

    Source: Hays and Efros 2007; Pathak et al. 2016 (Context encoders), section 5.1 and table 1.
    Differs: one whole training image, unblended, where Hays and Efros align and blend several.
    """
    nearest = cosine_similarity(queries, keys).argmax(1)
    return torch.where(mask[:, None], candidates[nearest], original)


def _masked(images: Tensor, mask: Tensor) -> Tensor:
    """Return uint8 images with their holes filled by the mean colour of the visible part."""
    return mean_filled(images.float(), mask).round().to(torch.uint8)


def _encoder_maps(inputs: Inputs, masked: Tensor, train: Tensor, batch_size: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the last maps of held-out and of training images, of the run's encoder and of an untrained one."""
    masked, train = masked.to(inputs.device), train.to(inputs.device)
    encoders = {
        "learned": load_encoder(inputs.weights).to(inputs.device),
        "untrained": untrained_encoder(inputs.weights, train, inputs.seed, batch_size),
    }
    return {name: (last_maps(e, masked, batch_size), last_maps(e, train, batch_size)) for name, e in encoders.items()}


@torch.no_grad()
def last_maps(encoder: Encoder, images: Tensor, batch_size: int) -> Tensor:
    """Return (N, D) of images uint8 (N, 3, H, W): an encoder's last map, flattened, which keeps positions."""
    batches = images.split(batch_size)
    return torch.cat([list(encoder.maps(batch).values())[-1].flatten(1) for batch in batches]).cpu()
