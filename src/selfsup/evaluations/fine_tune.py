"""Fine-tuning: the encoder and a linear head are trained on a small, class-balanced part of the labels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.files import labelled_images
from selfsup.evaluations.solvers.descent import Descent, minimise
from selfsup.evaluations.solvers.splits import balanced_subset
from selfsup.nn.encoder import Encoder, load_encoder
from selfsup.results import Measure, accuracy
from selfsup.seeds import generator
from selfsup.views.crops import draw_boxes, resized_crop

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Few labels",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["label_fraction"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "label_fraction"}],
}
TEST_BATCH = 500
Draw = Callable[[Tensor, torch.Generator], Tensor]  # indices of examples (n,) to the model's input for a step


@dataclass(frozen=True)
class Training(Descent):
    """AdamW, its schedule and the augmentation, as in the keys of ``evaluate``."""

    crop_scale_min: float
    flip_probability: float


def evaluate(
    inputs: Inputs,
    *,
    label_fractions: list[PositiveFloat],
    steps: list[PositiveInt],
    batch_size: PositiveInt,
    learning_rate: PositiveFloat,
    weight_decay: NonNegativeFloat,
    warmup_fraction: NonNegativeFloat,
    crop_scale_min: PositiveFloat,
    flip_probability: NonNegativeFloat,
) -> list[Measure]:
    """Return ``top1`` for each label fraction after its number of ``steps``; the last step is evaluated.

    The labelled images are those of the first draw of ``few_labels_frozen``. The encoder and a linear head, initially
    zero, are trained by AdamW with a cosine schedule on random resized crops and flips. BatchNorm uses the statistics of
    each batch and updates its running ones, which the test uses. Nothing is selected by a score. Computed in float32
    whatever the precision of pretraining, like every evaluation of a run.
    A fraction of less than half an example per class is left out; NotApplicable where all are, without labels, and for an
    encoder without parameters.

    Args:
        label_fractions: fractions of the training labels.
        steps: optimiser steps, one number for each number of labels.
        batch_size: labelled images of a step.
        learning_rate: AdamW's peak learning rate.
        weight_decay: AdamW's weight decay.
        warmup_fraction: fraction of the steps of warm-up, before the cosine decay.
        crop_scale_min: smallest area of a crop, as a fraction of the image.
        flip_probability: probability of a horizontal flip.

    Source: Chen et al. 2020 (SimCLR), section 6 and appendix B.5: all layers, random crops and mirror images only.
    Differs: AdamW instead of Nesterov momentum, weight decay and a warm-up where SimCLR has neither, and a number of
    steps set by cost.
    """
    load_tunable(inputs.weights)
    training = Training(batch_size, learning_rate, weight_decay, warmup_fraction, crop_scale_min, flip_probability)
    if len(steps) != len(label_fractions):
        raise InputError(
            f"key steps has {len(steps)} entries and label_fractions {len(label_fractions)}; give each fraction its steps"
        )
    (images, labels), (test_images, test_labels) = labelled_images(inputs.target)
    measures = []
    for fraction, total_steps in zip(label_fractions, steps, strict=True):
        subset = balanced_subset(labels, fraction, inputs.seed, "labelled", 0)
        if len(subset):
            model = classifier(inputs.weights, int(labels.max()) + 1).to(inputs.device)
            x, y = images[subset].to(inputs.device), labels[subset].to(inputs.device)
            draw = partial(random_crops, x, training=training)
            train_on(model, draw, y, generator(inputs.seed, "fine_tune"), total_steps, training)
            correct = predict(model, test_images, inputs.device) == test_labels
            measures.append(accuracy(correct.numpy(), label_fraction=fraction))
    if not measures:
        raise NotApplicable(f"{max(label_fractions):g} of {len(labels)} labels is not one of each class")
    return measures


def load_tunable(weights: Path) -> Encoder:
    """Return a run's encoder; NotApplicable where it has no parameters to tune."""
    encoder = load_encoder(weights)
    if not any(True for _ in encoder.parameters()):
        raise NotApplicable("the encoder has no parameters to tune")
    return encoder


def classifier(weights: Path, classes: int) -> nn.Module:
    """Return a run's encoder with a linear head of zeros: images (N, 3, H, W) to logits (N, K)."""
    encoder = load_encoder(weights)
    return nn.Sequential(encoder, zero_linear(encoder.feature_dim, classes))


def zero_linear(in_features: int, classes: int) -> nn.Linear:
    """Return a linear layer whose weights and biases are 0."""
    head = nn.Linear(in_features, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def random_crops(images: Tensor, index: Tensor, rng: torch.Generator, training: Training) -> Tensor:
    """Return random resized crops and flips (n, 3, H, W) in [0, 1] of images uint8 (M, 3, H, W) at ``index`` (n,)."""
    boxes, flip = draw_crops(images, len(index), rng, training)
    return resized_crop(images[index.to(images.device)], boxes, flip, images.shape[2])


def draw_crops(images: Tensor, examples: int, rng: torch.Generator, training: Training) -> tuple[Tensor, Tensor]:
    """Return boxes (n, 4) of ``draw_boxes`` inside images (M, 3, H, W), and which to flip (n,), on their device."""
    height_px, width_px = images.shape[2:]
    boxes = draw_boxes(examples, rng, height_px=height_px, width_px=width_px, scale_min=training.crop_scale_min)
    flip = torch.rand(examples, generator=rng) < training.flip_probability
    return boxes.to(images.device), flip.to(images.device)


def train_on(
    model: nn.Module, draw: Draw, labels: Tensor, rng: torch.Generator, total_steps: int, training: Training
) -> None:
    """Train all parameters that require a gradient on what is drawn of M examples, labels (M,), on the model's device."""

    def loss(index: Tensor, rng: torch.Generator) -> Tensor:
        return nn.functional.cross_entropy(model(draw(index, rng)), labels[index.to(labels.device)])

    minimise(model, loss, len(labels), rng, total_steps, training)


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, device: str) -> Tensor:
    """Return the class (N,) of each image, in evaluation mode."""
    model.eval()
    return torch.cat([model(batch.to(device)).argmax(1).cpu() for batch in images.split(TEST_BATCH)])
