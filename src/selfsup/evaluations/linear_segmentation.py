"""Linear segmentation: a linear classifier of pixels on the maps of each frozen layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.datasets.content.objects import VOID
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.segmentation import mean_iou, miou, most_frequent, pixel_counts, scores
from selfsup.evaluations.pictures.rows import EXAMPLES, write_segments
from selfsup.evaluations.reading.dense import at_pixels, enlarged, layer_maps
from selfsup.evaluations.reading.objects import images, segment_names, segments
from selfsup.evaluations.solvers.logistic_regression import Fit, fit, path
from selfsup.evaluations.solvers.probes import SLACK, deepest_best
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure
from selfsup.seeds import generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Linear segmentation",
    "headline": "miou",
    "metrics": {
        "miou": {"title": "mIoU", "unit": "%", "better": "higher", "over": ["layer"]},
        "iou": {"title": "{subset}", "unit": "%", "note": "IoU", "better": "higher", "over": ["subset"]},
    },
    "names": {"most_frequent": "the most frequent class everywhere"},
    "figures": [{"kind": "bars", "metric": "miou"}, {"kind": "lines", "metric": "miou", "over": "layer"}],
    "pictures": "grid",
    "pictures_title": "held-out images, the classes of their pixels, and the predicted ones",
    "note": "Of the layer with the best mIoU on pixels of held-out training images; every layer is scored on the test set. "
    "The mean is over all classes of pixels, backgrounds too.",
}


@dataclass(frozen=True)
class PixelSample:
    """Pixels of training images: ``index`` (N, P) within each image, row by row, and their classes ``label`` (N, P), VOID where
    they have none."""

    index: Tensor
    label: Tensor


def evaluate(
    inputs: Inputs,
    *,
    train_images: PositiveInt,
    test_images: PositiveInt,
    pixels_per_image: PositiveInt,
    penalties: list[PositiveFloat],
    held_out_fraction: PositiveFloat,
    tolerance: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``miou`` of the best layer and of each ``layer``, ``iou`` of each class, as ``subset``, and the ``penalty``.

    A layer's maps are enlarged bilinearly to the image; a multinomial logistic regression is solved on random pixels of the
    training images, and classifies every pixel of the test images. Penalty and layer are those with the best mIoU on the
    pixels of held-out training images (ties go to the stronger penalty and the deeper layer); the final fit is on all. The
    baseline ``most_frequent`` is the most frequent class of the training pixels everywhere. NotApplicable where the data have
    no segments.

    Args:
        train_images: training images, the first ones.
        test_images: test images, the first ones.
        pixels_per_image: random pixels of a training image that are fitted.
        penalties: L2 penalties to select from.
        held_out_fraction: share of the training images for selecting the penalty and the layer.
        tolerance: gradient norm at which a fit has converged.
        batch_size: images that pass through the encoder at once.

    Source: Long et al. 2015 (Fully convolutional networks), section 4.1, as the linear probe of a frozen layer.
    Differs: the convex problem is solved on a sample of pixels, not by epochs of SGD on all.
    """
    names = segment_names(inputs.target / "train.h5")
    truth = segments(inputs.target / "train.h5")[:train_images]
    test_truth = segments(inputs.target / "test.h5")[:test_images]
    test_pixels = images(inputs.target / "test.h5")[:test_images]
    sample = sample_pixels(truth, pixels_per_image, inputs.seed)
    known = sample.label.flatten() != VOID
    labels = sample.label.flatten()[known].long()
    of_image = torch.arange(len(truth))[:, None].expand_as(sample.index).flatten()[known]
    held = held_out(torch.zeros(len(truth), dtype=torch.int64), held_out_fraction, inputs.seed, "linear_segmentation")
    encoder = load_encoder(inputs.weights).to(inputs.device)
    fitted = partial(_fitted, labels=labels, held=held[of_image], penalties=penalties, tolerance=tolerance)
    maps = partial(layer_maps, encoder, batch_size=batch_size, device=inputs.device)
    with frozen(encoder):
        train = _at_sample(
            maps(images(inputs.target / "train.h5")[:train_images]), sample.index, truth.shape, batch_size
        )
        models = {layer: fitted(features[known]) for layer, features in train.items()}
        counts = _tested(maps(test_pixels), models, test_truth, len(names), batch_size)
        best = deepest_best({layer: model.held_out_miou for layer, model in models.items()})
        logits = torch.cat([models[best].logits(batch[best]).cpu() for batch in maps(test_pixels[:EXAMPLES])])
    write_segments(inputs, test_pixels, test_truth, enlarged(logits, (truth.shape[1], truth.shape[2])).argmax(1))
    return [
        *scores(counts[best], names),
        *(miou(of_layer, layer=layer) for layer, of_layer in counts.items()),
        most_frequent(truth, test_truth, len(names)),
        Measure("penalty", "", models[best].fit.penalty, len(test_truth), layer=best),
    ]


def sample_pixels(truth: Tensor, pixels: int, seed: int) -> PixelSample:
    """Return random pixels of each image, without repetition, at most all."""
    rng = generator(seed, "pixels")
    flat = truth.flatten(1)
    index = torch.stack([torch.randperm(flat.shape[1], generator=rng)[:pixels] for _ in flat])
    return PixelSample(index, flat.gather(1, index))


@dataclass(frozen=True)
class LayerModel:
    """A classifier of pixels: features are standardised by ``mean`` and ``inverse_deviation`` (D,), then ``fit`` is linear."""

    mean: Tensor
    inverse_deviation: Tensor
    fit: Fit
    held_out_miou: float

    def logits(self, maps: Tensor) -> Tensor:
        """Return (N, K, h, w) of maps (N, D, h, w)."""
        weight = (self.fit.weight * self.inverse_deviation).float().to(maps.device)
        bias = (self.fit.bias - (self.fit.weight * self.inverse_deviation) @ self.mean).float().to(maps.device)
        return torch.einsum("kd,ndhw->nkhw", weight, maps) + bias[:, None, None]


def _fitted(features: Tensor, *, labels: Tensor, held: Tensor, penalties: list[float], tolerance: float) -> LayerModel:
    deviation, mean = torch.std_mean(features.double(), dim=0, correction=0)
    inverse = torch.where(deviation > torch.finfo(torch.float32).eps * mean.abs(), 1 / deviation, 0.0)
    standardised = (features.double() - mean) * inverse
    descending = sorted(penalties, reverse=True)
    fits = list(
        path(standardised[~held], labels[~held], penalties=descending, tolerance=SLACK * tolerance, coarse=True)
    )
    held_out_miou = [pixel_miou(of_penalty.predict(standardised[held]), labels[held]) for of_penalty in fits]
    best = fits[held_out_miou.index(max(held_out_miou))]
    final = fit(standardised, labels, penalty=best.penalty, tolerance=tolerance, start=best)
    return LayerModel(mean, inverse, final, max(held_out_miou))


def pixel_miou(predicted: Tensor, labels: Tensor) -> float:
    """Return the mIoU in percent of the classes (M,) of pixels as one image."""
    classes = int(torch.maximum(predicted, labels).max()) + 1
    return mean_iou(pixel_counts(predicted[None, None], labels[None, None], classes))


def _at_sample(
    batches: Iterator[dict[str, Tensor]], index: Tensor, shape: torch.Size, batch_size: int
) -> dict[str, Tensor]:
    """Return {layer: features (N P, D)} of the pixels ``index`` (N, P) of images of ``shape`` N, H, W."""
    size = (shape[1], shape[2])
    sampled: dict[str, list[Tensor]] = {}
    for batch, rows in zip(batches, index.split(batch_size), strict=True):
        for layer, maps in batch.items():
            features = at_pixels(maps, rows.to(maps.device), size)
            sampled.setdefault(layer, []).append(features.flatten(0, 1).cpu())
    return {layer: torch.cat(parts) for layer, parts in sampled.items()}


def _tested(
    batches: Iterator[dict[str, Tensor]], models: dict[str, LayerModel], truth: Tensor, classes: int, batch_size: int
) -> dict[str, Tensor]:
    """Return {layer: counts (N, K, 3)} of images whose pixels are of the classes ``truth`` (N, H, W)."""
    size = (truth.shape[1], truth.shape[2])
    counts: dict[str, list[Tensor]] = {layer: [] for layer in models}
    for batch, rows in zip(batches, truth.split(batch_size), strict=True):
        for layer, model in models.items():
            predicted = enlarged(model.logits(batch[layer]), size).argmax(1).cpu()
            counts[layer].append(pixel_counts(predicted, rows, classes))
    return {layer: torch.cat(of_batches) for layer, of_batches in counts.items()}
