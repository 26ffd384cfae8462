"""Fine-tuning: the whole encoder trained on from a small, class-balanced part of the labels."""

import math
from pathlib import Path

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.labelled_images import labelled_images
from selfsup.evaluations.solvers.splits import balanced_subset
from selfsup.nn.encoder import load_encoder
from selfsup.optim.optimisers import optimiser, warmup_cosine
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
    """Return ``top1`` for each label fraction, after as many ``steps`` as stand at its place; the last step counts.

    The labelled images are those of the first draw of ``few_labels_frozen``. Encoder and a linear head, zero at first,
    learn by AdamW with a cosine schedule on random resized crops and mirror images. BatchNorm uses the statistics of
    each batch and updates its running ones, which serve the test. Nothing is chosen by a score.
    A fraction that is less than half an example a class is left out; NotApplicable where all are, or without labels.
    Computed in float32 whatever the precision of pretraining, as every evaluation of a run is.

    Args:
        label_fractions: shares of the labels that are seen.
        steps: optimiser steps, one count for each number of labels.
        batch_size: labelled images of a step.
        learning_rate: AdamW's learning rate, at its highest.
        weight_decay: AdamW's weight decay.
        warmup_fraction: share of the steps over which the learning rate rises; a cosine follows.
        crop_scale_min: smallest share of the image's area that a crop keeps.
        flip_probability: probability that an image is mirrored.

    Source: Chen et al. 2020 (SimCLR), section 6 and appendix B.5: all layers, random crops and mirror images only.
    Differs: AdamW instead of Nesterov momentum, weight decay and a warm-up where SimCLR has neither, and a number of
    steps set by cost.
    """
    if len(steps) != len(label_fractions):
        raise InputError(
            f"key steps has {len(steps)} entries and label_fractions "
            f"{len(label_fractions)}; give each fraction its number of steps"
        )
    found = labelled_images(inputs.target)
    (images, labels), (test_images, test_labels) = found["train"], found["test"]
    measures = []
    for fraction, total_steps in zip(label_fractions, steps, strict=True):
        subset = balanced_subset(labels, fraction, inputs.seed, "labelled", 0)
        if len(subset):
            model = classifier(inputs.weights, int(labels.max()) + 1).to(inputs.device)
            train_on(
                model,
                images[subset].to(inputs.device),
                labels[subset].to(inputs.device),
                generator(inputs.seed, "fine_tune"),
                total_steps=total_steps,
                batch_size=batch_size,
                learning_rate=learning_rate,
                weight_decay=weight_decay,
                warmup_fraction=warmup_fraction,
                crop_scale_min=crop_scale_min,
                flip_probability=flip_probability,
            )
            correct = classes_of(model, test_images, inputs.device) == test_labels
            measures.append(accuracy(correct.numpy(), label_fraction=fraction))
    if not measures:
        raise NotApplicable(f"{max(label_fractions):g} of {len(labels)} labels is not one of each class")
    return measures


def classifier(run: Path, classes: int) -> nn.Module:
    """Return a run's encoder with a linear head of zeros: images (N, 3, H, W) to logits (N, K)."""
    encoder = load_encoder(run)
    head = nn.Linear(encoder.feature_dim, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return nn.Sequential(encoder, head)


def train_on(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    draws_from: torch.Generator,
    *,
    total_steps: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    warmup_fraction: float,
    crop_scale_min: float,
    flip_probability: float,
) -> None:
    """Train every parameter that asks for a gradient on images uint8 (M, 3, H, W), labels (M,), on the model's device."""
    height_px, width_px = images.shape[2:]
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    steps = optimiser(named, name="adamw", learning_rate=learning_rate, weight_decay=weight_decay)
    model.train()
    for step, index in enumerate(batches(len(images), total_steps, batch_size, draws_from)):
        for group in steps.param_groups:
            group["lr"] = learning_rate * warmup_cosine(step, total_steps, warmup_fraction)
        boxes = draw_boxes(len(index), draws_from, height_px=height_px, width_px=width_px, scale_min=crop_scale_min)
        flip = torch.rand(len(index), generator=draws_from) < flip_probability
        index, boxes, flip = (drawn.to(images.device) for drawn in (index, boxes, flip))
        loss = nn.functional.cross_entropy(model(resized_crop(images[index], boxes, flip, height_px)), labels[index])
        steps.zero_grad()
        loss.backward()
        steps.step()


def batches(examples: int, total_steps: int, batch_size: int, draws_from: torch.Generator) -> tuple[Tensor, ...]:
    """Return indices (batch_size,) for every step: one shuffled pass over the examples after another, none cut short."""
    passes = math.ceil(total_steps * batch_size / examples)
    order = torch.cat([torch.randperm(examples, generator=draws_from) for _ in range(passes)])
    return order[: total_steps * batch_size].split(batch_size)


@torch.no_grad()
def classes_of(model: nn.Module, images: Tensor, device: str) -> Tensor:
    """Return the class (N,) of each image, in evaluation mode."""
    model.eval()
    return torch.cat([model(batch.to(device)).argmax(1).cpu() for batch in images.split(TEST_BATCH)])
