"""Fine-tuned detection: the encoder and a two-stage detector on its maps are trained on the boxes of training images."""

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import read_split
from selfsup.errors import NotApplicable
from selfsup.evaluations.fine_tune import load_tunable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics import detection
from selfsup.evaluations.pictures.rows import EXAMPLES, outlined, write_rows
from selfsup.evaluations.reading.objects import Objects, images, objects
from selfsup.evaluations.solvers.descent import Descent, minimise
from selfsup.nn.detection.detector import Detections, Detector
from selfsup.nn.detection.proposals import Truth
from selfsup.nn.fusion import FusedMaps
from selfsup.results import Measure
from selfsup.seeds import derive, generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Fine-tuned detection",
    "headline": "ap50",
    "metrics": {
        "ap50": {"title": "AP50", "unit": "%", "better": "higher"},
        "ap": {"title": "AP", "unit": "%", "better": "higher"},
        "ap75": {"title": "AP75", "unit": "%", "better": "higher"},
        "ap50_voc07": {"title": "AP50 by eleven points", "unit": "%", "better": "higher"},
        "ap_of_class": {"title": "{subset}", "unit": "%", "note": "AP", "better": "higher", "over": ["subset"]},
    },
    "names": {"mean_box": "the mean box of each class everywhere"},
    "figures": [{"kind": "bars", "metric": "ap50"}],
    "pictures": "grid",
    "pictures_title": "held-out images, the boxes of their objects, and those found",
    "note": "All parameters are trained, from each initialisation with one schedule; an untrained encoder is training from "
    "scratch. AP is the mean over IoU of 0.5 to 0.95, by pycocotools; eleven points are VOC 2007's.",
}
SHOWN_SCORE = 0.3  # of boxes in pictures


def evaluate(
    inputs: Inputs,
    *,
    train_images: PositiveInt,
    test_images: PositiveInt,
    channels: PositiveInt,
    stride_px: PositiveInt,
    anchor_scales: list[PositiveFloat],
    anchor_ratios: list[PositiveFloat],
    proposals: PositiveInt,
    hidden: PositiveInt,
    steps: PositiveInt,
    batch_size: PositiveInt,
    learning_rate: PositiveFloat,
    weight_decay: NonNegativeFloat,
    warmup_fraction: NonNegativeFloat,
    flip_probability: NonNegativeFloat,
) -> list[Measure]:
    """Return ``ap50``, ``ap``, ``ap75`` and ``ap50_voc07`` after the last step, and ``ap_of_class``, as ``subset``.

    The layers of the encoder are summed to one map, on which a Faster R-CNN proposes boxes, classifies and corrects them. All
    is trained by AdamW with a cosine schedule on images and their mirror images; nothing is selected by a score. Difficult
    objects are not trained on, and count neither for nor against. The baseline ``mean_box`` is the mean box of each class in
    every image, its score the share of the training objects. NotApplicable without boxes, and for an encoder without parameters.

    Args:
        train_images: training images, the first ones.
        test_images: test images, the first ones.
        channels: of the map that the detector reads.
        stride_px: pixels of an image for each cell of that map, along each axis.
        anchor_scales: sides of the square anchors, as shares of the image's longer side.
        anchor_ratios: heights of anchors over their widths.
        proposals: boxes of an image that are classified.
        hidden: units of both layers of the head.
        steps: optimiser steps.
        batch_size: images of a step.
        learning_rate: AdamW's peak learning rate.
        weight_decay: AdamW's weight decay.
        warmup_fraction: fraction of the steps of warm-up, before the cosine decay.
        flip_probability: probability of a mirror image.

    Source: Ren et al. 2015 (Faster R-CNN); He et al. 2020 (MoCo), section 4.2, for one schedule from every initialisation.
    Differs: one map of all layers, and small images; AdamW.
    """
    encoder = load_tunable(inputs.weights)
    descent = Descent(batch_size, learning_rate, weight_decay, warmup_fraction)
    names = read_split(inputs.target / "train.h5", []).classes
    truth, test_truth = (
        _of_first(objects(inputs.target / f"{split}.h5"), count)
        for split, count in (("train", train_images), ("test", test_images))
    )
    clear = truth.where(~truth.difficult)
    if not len(clear.label) or test_truth.difficult.all():
        raise NotApplicable("every object of the training or of the test images is difficult")
    pixels, test_pixels = (
        images(inputs.target / f"{split}.h5")[:count]
        for split, count in (("train", train_images), ("test", test_images))
    )
    with torch.random.fork_rng(devices=[]):  # of the initial detector
        torch.manual_seed(derive(inputs.seed, "fine_tune_detection"))
        body = FusedMaps(encoder, channels, stride_px)
        model = Detector(
            body, channels, len(names), scales=anchor_scales, ratios=anchor_ratios, proposals=proposals, hidden=hidden
        ).to(inputs.device)
    fit(model, pixels, clear, inputs, steps, descent, flip_probability)
    found = detect(model, test_pixels, inputs.device, batch_size)
    guess = [mean_boxes(clear, len(names))] * len(found)
    precision, of_guess = (detection.coco_precision(of, test_truth, names) for of in (found, guess))
    write_pictures(inputs, test_pixels[:EXAMPLES], test_truth, found)
    return [
        *detection.measures(precision, found, test_truth, names),
        *detection.by_class(precision, len(found), names),
        *detection.measures(of_guess, guess, test_truth, names, baseline="mean_box"),
    ]


def _of_first(of_split: Objects, images: int) -> Objects:
    return of_split.where(of_split.image < images)


def fit(
    model: Detector,
    pixels: Tensor,
    truth: Objects,
    inputs: Inputs,
    steps: int,
    descent: Descent,
    flip_probability: float,
) -> None:
    """Train the detector on images uint8 (N, 3, H, W) and their objects; an image may have none."""
    pixels = pixels.to(inputs.device)
    of_image = [truth.where(truth.image == n) for n in range(len(pixels))]

    def loss(index: Tensor, rng: torch.Generator) -> Tensor:
        x = pixels[index.to(pixels.device)]
        flip = torch.rand(len(index), generator=rng) < flip_probability
        x = torch.where(flip.to(x.device)[:, None, None, None], x.flip(3), x)
        drawn = [_target(of_image[n], bool(mirror), x) for n, mirror in zip(index.tolist(), flip, strict=True)]
        return model.loss(x, drawn, rng)

    minimise(model, loss, len(pixels), generator(inputs.seed, "fine_tune_detection"), steps, descent)


def _target(truth: Objects, mirror: bool, x: Tensor) -> Truth:
    """Return the objects of one image of a batch x (N, 3, H, W), mirrored if it is."""
    box = truth.box
    if mirror:
        box = torch.stack([x.shape[3] - box[:, 2], box[:, 1], x.shape[3] - box[:, 0], box[:, 3]], 1)
    return Truth(box.to(x.device), truth.label.to(x.device))


@torch.no_grad()
def detect(model: Detector, pixels: Tensor, device: str, batch_size: int) -> list[Detections]:
    """Return what is found in images (N, 3, H, W), in evaluation mode."""
    model.eval()
    found = [of for batch in pixels.split(batch_size) for of in model.detect(batch.to(device))]
    return [Detections(of.box.cpu(), of.score.cpu(), of.label.cpu()) for of in found]


def mean_boxes(truth: Objects, classes: int) -> Detections:
    """Return the mean box of each class that has an object, its score the share of the objects, best first."""
    counts = truth.label.bincount(minlength=classes)
    order = counts.argsort(descending=True, stable=True)[: int((counts > 0).sum())]
    boxes = torch.stack([truth.box[truth.label == label].mean(0) for label in order])
    return Detections(boxes, counts[order].double() / len(truth.label), order)


def write_pictures(inputs: Inputs, pixels: Tensor, truth: Objects, found: Sequence[Detections]) -> None:
    """Write a row for each image uint8 (n, 3, H, W): itself, the boxes of its objects, and those found with a score of 0.3."""
    rows: dict[str, list[np.ndarray]] = {"image": [], "truth": [], "found": []}
    for n, image in enumerate(pixels):
        here, sure = truth.where(truth.image == n), found[n].score >= SHOWN_SCORE
        for name, box, label in (
            ("image", here.box[:0], here.label[:0]),
            ("truth", here.box, here.label),
            ("found", found[n].box[sure], found[n].label[sure]),
        ):
            rows[name].append(outlined(image, box, label))
    write_rows(inputs, {name: np.stack(of_column) for name, of_column in rows.items()})
