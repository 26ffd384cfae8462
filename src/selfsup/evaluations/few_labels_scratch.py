"""Few labels from scratch: the network and images of few_labels_blocks without any pretrained weights."""

from functools import partial

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.evaluations.few_labels_blocks import curve
from selfsup.evaluations.fine_tune import Training, random_crops, train_on
from selfsup.evaluations.inputs import Inputs
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Few labels, blocks frozen or from scratch",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["shots"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "shots"}],
    "note": "The same network and labels: the first blocks are pretrained and frozen, or trained from scratch.",
}


def evaluate(
    inputs: Inputs,
    *,
    learned_up_to: str,
    labels_per_class: list[PositiveInt],
    steps: list[PositiveInt],
    batch_size: PositiveInt,
    learning_rate: PositiveFloat,
    weight_decay: NonNegativeFloat,
    warmup_fraction: NonNegativeFloat,
    crop_scale_min: PositiveFloat,
    flip_probability: NonNegativeFloat,
) -> list[Measure]:
    """Return ``top1`` for each number of labelled images per class: the supervised baseline of frozen blocks.

    Only the architecture of the run's encoder is used: every layer up to ``learned_up_to`` is initialised by the seed
    and trained with the linear classifier, on the images of few_labels_blocks, by the same optimiser, on new crops in every
    step.

    Args:
        learned_up_to: last trained layer, the input of the classifier.
        labels_per_class: labelled images of each class.
        steps: optimiser steps, one number for each number of labels.
        batch_size: labelled images of a step.
        learning_rate: AdamW's peak learning rate.
        weight_decay: AdamW's weight decay.
        warmup_fraction: fraction of the steps of warm-up, before the cosine decay.
        crop_scale_min: smallest area of a crop, as a fraction of the image.
        flip_probability: probability of a horizontal flip.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and figure 5(b), the supervised NIN of three blocks.
    Differs: as in few_labels_blocks, but for its fixed number of crops.
    """
    training = Training(batch_size, learning_rate, weight_decay, warmup_fraction, crop_scale_min, flip_probability)
    return curve(inputs, None, learned_up_to, labels_per_class, steps, partial(learn_on_crops, training=training))


def learn_on_crops(
    entrance: nn.Module,
    learned: nn.Module,
    images: Tensor,
    labels: Tensor,
    rng: torch.Generator,
    total_steps: int,
    *,
    training: Training,
) -> None:
    """Train ``learned`` on what ``entrance`` makes of random crops, new ones in every step."""
    draw = partial(random_crops, images, training=training)
    train_on(nn.Sequential(entrance, learned), draw, labels, rng, total_steps, training)
