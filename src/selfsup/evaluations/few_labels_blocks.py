"""Few labels, frozen blocks: a network's first blocks kept as pretraining left them, the next learned from the labels."""

from typing import Any, Self

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.fine_tune import classes_of, train_on
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.labelled_images import labelled_images
from selfsup.evaluations.solvers.splits import balanced_subset
from selfsup.nn.encoder import StagedEncoder, build, load_encoder
from selfsup.results import Measure, accuracy
from selfsup.seeds import derive, generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Few labels, blocks frozen or from scratch",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["shots"]}},
    "figures": [{"kind": "lines", "metric": "top1", "over": "shots"}],
    "note": "The same network and the same labels; only what comes before them differs.",
}


def evaluate(
    inputs: Inputs,
    *,
    frozen_up_to: str,
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
    """Return ``top1`` for each count of labelled images a class, after as many ``steps`` as stand at its place.

    The run's encoder up to layer ``frozen_up_to`` stays as it is, BatchNorm's statistics too, which its digest proves;
    the layers after it, up to ``learned_up_to``, are initialised anew, and a linear classifier on the mean over the last
    of them learns with them by AdamW on random resized crops and mirror images. The last step counts. The labelled
    images are a balanced subset, the same for every method of a seed, the smaller within the larger.
    A count above that of the smallest class is left out; NotApplicable where all are, without labels, and for an
    encoder without such layers.

    Args:
        frozen_up_to: last layer of the pretrained encoder that stays as it is.
        learned_up_to: last layer that is learned; the classifier reads it.
        labels_per_class: labelled images of each class.
        steps: optimiser steps, one count for each number of labels.
        batch_size: labelled images of a step.
        learning_rate: AdamW's learning rate, at its highest.
        weight_decay: AdamW's weight decay.
        warmup_fraction: share of the steps over which the learning rate rises; a cosine follows.
        crop_scale_min: smallest share of the image's area that a crop keeps.
        flip_probability: probability that an image is mirrored.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and figure 5(b): conv1 and conv2 frozen, conv3 and a linear
    classifier learned; with all labels it is "RotNet + conv" of table 3.
    Differs: AdamW with a cosine schedule where the paper has SGD in steps, resized crops where it pads and crops, a
    number of steps set by cost, and subsets drawn by the seed where the authors take the first images of each class.
    """
    training = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "warmup_fraction": warmup_fraction,
        "crop_scale_min": crop_scale_min,
        "flip_probability": flip_probability,
    }
    return curve(inputs, frozen_up_to, learned_up_to, labels_per_class, steps, training)


class FewLabels(nn.Module):
    """A linear classifier, zero at first, on the mean over the last map of an encoder whose first stages are frozen.

    Images (N, 3, H, W) to logits (N, K). ``frozen_part`` is an encoder of the frozen stages, the very same modules: in
    evaluation mode whatever the rest is in, and without gradient.
    """

    def __init__(self, encoder: StagedEncoder, frozen_part: StagedEncoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Linear(encoder.feature_dim, classes)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        self.frozen_part = frozen_part.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.frozen_part.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.encoder(x))
        return logits


def network(inputs: Inputs, frozen_up_to: str | None, learned_up_to: str, classes: int) -> FewLabels:
    """Return the run's encoder cut after ``learned_up_to``, its stages after ``frozen_up_to`` initialised anew.

    With ``frozen_up_to`` None all of them are. The seed decides the initialisation, whatever was drawn before.
    """
    kept = load_encoder(inputs.weights)
    layers = list(kept.layers)
    if not isinstance(kept, StagedEncoder):
        raise NotApplicable("this encoder is not one chain of stages that could be cut")
    if unknown := {learned_up_to, frozen_up_to or learned_up_to} - set(layers):
        raise NotApplicable(f"this encoder has the layers {', '.join(layers)}, and not {', '.join(sorted(unknown))}")
    frozen_count = layers.index(frozen_up_to) + 1 if frozen_up_to else 0
    learned = layers[frozen_count : layers.index(learned_up_to) + 1]
    if not learned:
        raise InputError(
            f"key learned_up_to is {learned_up_to}, and nothing is left to "
            f"learn between it and frozen_up_to {frozen_up_to}; name a later layer"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(inputs.seed, "few_labels_blocks"))
        new = build(kept.description)
    assert isinstance(new, StagedEncoder)
    of_pretraining = {name: kept.stages[name] for name in layers[:frozen_count]}
    stages = of_pretraining | {name: new.stages[name] for name in learned}
    return FewLabels(_encoder(stages, kept), _encoder(of_pretraining, kept), classes)


def _encoder(stages: dict[str, nn.Module], of: StagedEncoder) -> StagedEncoder:
    encoder = StagedEncoder(stages, {name: of.layers[name] for name in stages}, of.description)
    encoder.preprocess = of.preprocess
    return encoder


def curve(
    inputs: Inputs,
    frozen_up_to: str | None,
    learned_up_to: str,
    labels_per_class: list[int],
    steps: list[int],
    training: dict[str, Any],
) -> list[Measure]:
    """Return ``top1`` for each count of labelled images a class; see evaluate, and few_labels_scratch for None."""
    if len(steps) != len(labels_per_class):
        raise InputError(
            f"key steps has {len(steps)} entries and labels_per_class "
            f"{len(labels_per_class)}; give each count its number of steps"
        )
    found = labelled_images(inputs.target)
    (images, labels), (test_images, test_labels) = found["train"], found["test"]
    classes, smallest = int(labels.max()) + 1, int(labels.bincount().min())
    measures = []
    for count, total_steps in zip(labels_per_class, steps, strict=True):
        if count > smallest:
            continue
        fraction = count * classes / len(labels)
        subset = balanced_subset(labels, fraction, inputs.seed, "labelled", 0)
        model = network(inputs, frozen_up_to, learned_up_to, classes).to(inputs.device)
        with frozen(model.frozen_part):
            draws_from = generator(inputs.seed, "few_labels_blocks")
            seen, answers = images[subset].to(inputs.device), labels[subset].to(inputs.device)
            train_on(model, seen, answers, draws_from, total_steps=total_steps, **training)
            correct = classes_of(model, test_images, inputs.device) == test_labels
        measures.append(accuracy(correct.numpy(), shots=count))
    if not measures:
        raise NotApplicable(f"the smallest class has {smallest} examples, fewer than {min(labels_per_class)}")
    return measures
