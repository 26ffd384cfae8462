"""Few labels, frozen blocks: the first blocks stay as pretrained, the next are trained on few labels."""

from collections.abc import Callable
from functools import partial

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.fine_tune import TEST_BATCH, Training, predict, random_crops, train_on, zero_linear
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.files import labelled_images
from selfsup.evaluations.solvers.splits import balanced_subset
from selfsup.nn.encoder import StagedEncoder, build, load_encoder
from selfsup.results import Measure, accuracy
from selfsup.seeds import derive, generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Few labels, blocks frozen or from scratch",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["shots"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "shots"}],
    "note": "The same network and labels: the first blocks are pretrained and frozen, or trained from scratch.",
}
# Trains ``learned`` on the maps of ``frozen_blocks``: (frozen_blocks, learned, images (M, 3, H, W), labels (M,), rng, steps).
Learn = Callable[[nn.Module, nn.Module, Tensor, Tensor, torch.Generator, int], None]


def evaluate(
    inputs: Inputs,
    *,
    frozen_up_to: str,
    learned_up_to: str,
    labels_per_class: list[PositiveInt],
    steps: list[PositiveInt],
    views: PositiveInt,
    batch_size: PositiveInt,
    learning_rate: PositiveFloat,
    weight_decay: NonNegativeFloat,
    warmup_fraction: NonNegativeFloat,
    crop_scale_min: PositiveFloat,
    flip_probability: NonNegativeFloat,
) -> list[Measure]:
    """Return ``top1`` for each number of labelled images per class after its number of ``steps``.

    The run's encoder up to layer ``frozen_up_to`` is frozen, with its BatchNorm statistics, which its digest verifies.
    The layers after it, up to ``learned_up_to``, are initialised anew and trained together with a linear classifier on
    the mean over the last map, by AdamW on random resized crops and flips, of which the frozen blocks see ``views`` an
    image, once; the last step is evaluated. The labelled images are a balanced subset, the same for every method of a
    seed, the smaller within the larger.
    Numbers above the size of the smallest class are left out; NotApplicable where all are, without labels, and for an
    encoder without such layers.

    Args:
        frozen_up_to: last frozen layer of the pretrained encoder.
        learned_up_to: last trained layer, the input of the classifier.
        labels_per_class: labelled images of each class.
        steps: optimiser steps, one number for each number of labels.
        views: crops of each image whose maps are kept; every step draws one of them.
        batch_size: labelled images of a step.
        learning_rate: AdamW's peak learning rate.
        weight_decay: AdamW's weight decay.
        warmup_fraction: fraction of the steps of warm-up, before the cosine decay.
        crop_scale_min: smallest area of a crop, as a fraction of the image.
        flip_probability: probability of a horizontal flip.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and figure 5(b): conv1 and conv2 frozen, conv3 and a linear
    classifier learned; with all labels it is "RotNet + conv" of table 3.
    Differs: AdamW with a cosine schedule where the paper has SGD in steps, resized crops where it pads and crops, a fixed
    number of crops of each image, because the frozen maps are computed once, and subsets drawn by the seed where the
    authors take the first images of each class.
    """
    training = Training(batch_size, learning_rate, weight_decay, warmup_fraction, crop_scale_min, flip_probability)
    learn = partial(learn_on_kept_maps, views=views, training=training)
    return curve(inputs, frozen_up_to, learned_up_to, labels_per_class, steps, learn)


def learn_on_kept_maps(
    frozen_blocks: nn.Module,
    learned: nn.Module,
    images: Tensor,
    labels: Tensor,
    rng: torch.Generator,
    total_steps: int,
    *,
    views: int,
    training: Training,
) -> None:
    """Train ``learned`` on the maps of ``views`` random crops of each image, which are computed once."""
    rows = torch.arange(len(images)).split(TEST_BATCH)
    with torch.no_grad():
        crops = ([random_crops(images, index, rng, training) for index in rows] for _ in range(views))
        maps = torch.stack([torch.cat([frozen_blocks(batch) for batch in view]) for view in crops])  # (V, M, C, H', W')
    train_on(learned, partial(_drawn_maps, maps), labels, rng, total_steps, training)


def curve(
    inputs: Inputs,
    frozen_up_to: str | None,
    learned_up_to: str,
    labels_per_class: list[int],
    steps: list[int],
    learn: Learn,
) -> list[Measure]:
    """Return ``top1`` for each number of labelled images per class; with ``frozen_up_to`` None no block is frozen."""
    if len(steps) != len(labels_per_class):
        raise InputError(
            f"key steps has {len(steps)} entries and labels_per_class {len(labels_per_class)}; give each number its steps"
        )
    (images, labels), (test_images, test_labels) = labelled_images(inputs.target)
    classes, smallest = int(labels.max()) + 1, int(labels.bincount().min())
    measures = []
    for count, total_steps in zip(labels_per_class, steps, strict=True):
        if count > smallest:
            continue
        fraction = count * classes / len(labels)
        subset = balanced_subset(labels, fraction, inputs.seed, "labelled", 0)
        frozen_blocks, learned = network(inputs, frozen_up_to, learned_up_to, classes)
        model = nn.Sequential(frozen_blocks, learned).to(inputs.device)
        with frozen(frozen_blocks):
            x, y = images[subset].to(inputs.device), labels[subset].to(inputs.device)
            learn(frozen_blocks, learned, x, y, generator(inputs.seed, "few_labels_blocks"), total_steps)
            correct = predict(model, test_images, inputs.device) == test_labels
        measures.append(accuracy(correct.numpy(), shots=count))
    if not measures:
        raise NotApplicable(f"the smallest class has {smallest} examples, fewer than {min(labels_per_class)}")
    return measures


class FirstBlocks(nn.Module):
    """Images (N, 3, H, W) to the map (N, C, H', W') after the first stages of an encoder, without gradient and always in
    evaluation mode; without any stage, the encoder's input."""

    def __init__(self, encoder: StagedEncoder, layers: list[str]) -> None:
        super().__init__()
        self.preprocess = encoder.preprocess
        self.stages = nn.Sequential(*(encoder.stages[name] for name in layers)).requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "FirstBlocks":
        return self

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.stages(self.preprocess(x))
        return maps


def network(
    inputs: Inputs, frozen_up_to: str | None, learned_up_to: str, classes: int
) -> tuple[FirstBlocks, nn.Sequential]:
    """Return the run's blocks up to ``frozen_up_to``, and those after it up to ``learned_up_to``, initialised by the seed,
    with a linear classifier, initially zero, on the mean over the last map: maps (N, C, H', W') to logits (N, K)."""
    pretrained = load_encoder(inputs.weights)
    layers = list(pretrained.layers)
    if not isinstance(pretrained, StagedEncoder):
        raise NotApplicable("this encoder is not one chain of stages that could be cut")
    if unknown := {learned_up_to, frozen_up_to or learned_up_to} - set(layers):
        raise NotApplicable(f"this encoder has the layers {', '.join(layers)}, and not {', '.join(sorted(unknown))}")
    frozen_count = layers.index(frozen_up_to) + 1 if frozen_up_to else 0
    new_layers = layers[frozen_count : layers.index(learned_up_to) + 1]
    if not new_layers:
        raise InputError(
            f"key learned_up_to is {learned_up_to}, and no layer between it and frozen_up_to {frozen_up_to} is left to "
            "train; name a later layer"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(inputs.seed, "few_labels_blocks"))
        new = build(pretrained.description)
    assert isinstance(new, StagedEncoder)
    stages = [new.stages[name] for name in new_layers]
    classifier = zero_linear(pretrained.layers[learned_up_to], classes)
    learned = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), classifier)
    return FirstBlocks(pretrained, layers[:frozen_count]), learned


def _drawn_maps(maps: Tensor, index: Tensor, rng: torch.Generator) -> Tensor:
    """Return maps (n, C, H', W') of the images at ``index`` (n,), each of one of their V views: maps is (V, M, C, H', W')."""
    view = torch.randint(len(maps), index.shape, generator=rng)
    return maps[view.to(maps.device), index.to(maps.device)]
