"""Fine-tuned segmentation: the encoder and a fully convolutional head are trained on the masks of training images."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.datasets.content.objects import VOID
from selfsup.evaluations.fine_tune import Training, draw_crops, load_tunable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.segmentation import most_frequent, pixel_counts, scores
from selfsup.evaluations.pictures.rows import write_segments
from selfsup.evaluations.reading.dense import enlarged
from selfsup.evaluations.reading.objects import images, segment_names, segments
from selfsup.evaluations.solvers.descent import minimise
from selfsup.nn.fusion import FusedMaps
from selfsup.results import Measure
from selfsup.seeds import derive, generator
from selfsup.views.crops import resized_crop
from selfsup.views.mask_crops import nearest_crop

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Fine-tuned segmentation",
    "headline": "miou",
    "metrics": {
        "miou": {"title": "mIoU", "unit": "%", "better": "higher"},
        "iou": {"title": "{subset}", "unit": "%", "note": "IoU", "better": "higher", "over": ["subset"]},
    },
    "names": {"most_frequent": "the most frequent class everywhere"},
    "figures": [{"kind": "bars", "metric": "miou"}],
    "pictures": "grid",
    "pictures_title": "held-out images, the classes of their pixels, and the predicted ones",
    "note": "All parameters are trained, from each initialisation with one schedule; an untrained encoder is training from "
    "scratch. The mean is over all classes of pixels, backgrounds too.",
}


def evaluate(
    inputs: Inputs,
    *,
    train_images: PositiveInt,
    test_images: PositiveInt,
    channels: PositiveInt,
    stride_px: PositiveInt,
    dropout: NonNegativeFloat,
    steps: PositiveInt,
    batch_size: PositiveInt,
    learning_rate: PositiveFloat,
    weight_decay: NonNegativeFloat,
    warmup_fraction: NonNegativeFloat,
    crop_scale_min: PositiveFloat,
    flip_probability: NonNegativeFloat,
) -> list[Measure]:
    """Return ``miou`` after the last step, and ``iou`` of each class, as ``subset``.

    The layers of the encoder are summed to one map of ``channels``, a fully convolutional head makes the logits, and these are
    enlarged bilinearly. Encoder and head are trained by AdamW with a cosine schedule on random resized crops and flips, by the
    cross-entropy of the pixels that are not void. Nothing is selected by a score. The baseline ``most_frequent`` is the most
    frequent class of the training pixels everywhere. NotApplicable without segments, and for an encoder without parameters.

    Args:
        train_images: training images, the first ones.
        test_images: test images, the first ones.
        channels: of the map that the head reads.
        stride_px: pixels of an image for each cell of that map, along each axis.
        dropout: of the head.
        steps: optimiser steps.
        batch_size: images of a step.
        learning_rate: AdamW's peak learning rate.
        weight_decay: AdamW's weight decay.
        warmup_fraction: fraction of the steps of warm-up, before the cosine decay.
        crop_scale_min: smallest area of a crop, as a fraction of the image.
        flip_probability: probability of a horizontal flip.

    Source: Long et al. 2015 (Fully convolutional networks), sections 4.2 and 4.3; the head is that of torchvision's FCN.
    Differs: the head reads the sum of all layers, since the last alone has 2 x 2 values of an image of 32 px; AdamW.
    """
    encoder = load_tunable(inputs.weights)
    training = Training(batch_size, learning_rate, weight_decay, warmup_fraction, crop_scale_min, flip_probability)
    names = segment_names(inputs.target / "train.h5")
    truth = segments(inputs.target / "train.h5")[:train_images]
    test_truth = segments(inputs.target / "test.h5")[:test_images]
    test_pixels = images(inputs.target / "test.h5")[:test_images]
    with torch.random.fork_rng(devices=[]):  # of the initial head and of dropout
        torch.manual_seed(derive(inputs.seed, "fine_tune_segmentation"))
        body = FusedMaps(encoder, channels, stride_px)
        model = nn.Sequential(body, fcn_head(channels, len(names), dropout)).to(inputs.device)
        fit(model, images(inputs.target / "train.h5")[:train_images], truth, inputs, steps, training)
    predicted = predict(model, test_pixels, inputs.device, batch_size)
    write_segments(inputs, test_pixels, test_truth, predicted)
    return [
        *scores(pixel_counts(predicted, test_truth, len(names)), names),
        most_frequent(truth, test_truth, len(names)),
    ]


def fcn_head(channels: int, classes: int, dropout: float) -> nn.Sequential:
    """Return torchvision's FCN head: maps (N, C, h, w) to logits (N, K, h, w)."""
    hidden = max(1, channels // 4)
    return nn.Sequential(
        nn.Conv2d(channels, hidden, 3, padding=1, bias=False),
        nn.BatchNorm2d(hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Conv2d(hidden, classes, 1),
    )


def fit(model: nn.Module, pixels: Tensor, truth: Tensor, inputs: Inputs, steps: int, training: Training) -> None:
    """Train the model on images uint8 (M, 3, H, W) whose pixels are of the classes ``truth`` (M, H, W)."""
    pixels, truth = pixels.to(inputs.device), truth.to(inputs.device)

    def loss(index: Tensor, rng: torch.Generator) -> Tensor:
        boxes, flip = draw_crops(pixels, len(index), rng, training)
        rows, size_px = index.to(pixels.device), pixels.shape[2]
        logits = model(resized_crop(pixels[rows], boxes, flip, size_px))
        return pixel_cross_entropy(logits, nearest_crop(truth[rows], boxes, flip, size_px))

    minimise(model, loss, len(pixels), generator(inputs.seed, "fine_tune_segmentation"), steps, training)


def pixel_cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits (N, K, h, w), enlarged, over the pixels of ``truth`` (N, H, W) that are not VOID; 0
    where all are."""
    logits = enlarged(logits, (truth.shape[1], truth.shape[2]))
    total = F.cross_entropy(logits, truth.long(), ignore_index=VOID, reduction="sum")
    return total / (truth != VOID).sum().clamp(min=1)


@torch.no_grad()
def predict(model: nn.Module, pixels: Tensor, device: str, batch_size: int) -> Tensor:
    """Return the class (N, H, W) of each pixel of images (N, 3, H, W), in evaluation mode."""
    model.eval()
    size = (pixels.shape[2], pixels.shape[3])
    return torch.cat([enlarged(model(batch.to(device)), size).argmax(1).cpu() for batch in pixels.split(batch_size)])
