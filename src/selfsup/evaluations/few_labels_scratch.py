"""Few labels from scratch: the same network and images as few_labels_blocks, with nothing kept of pretraining."""

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from selfsup.evaluations.few_labels_blocks import curve
from selfsup.evaluations.inputs import Inputs
from selfsup.results import Measure

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
    """Return ``top1`` for each count of labelled images a class: the supervised curve beside that of frozen blocks.

    Of the run only the shape of its encoder is used: every layer up to ``learned_up_to`` is initialised by the seed and
    learned with the linear classifier, from the labelled images of few_labels_blocks and as it learns.

    Args:
        learned_up_to: last layer that is learned; the classifier reads it.
        labels_per_class: labelled images of each class.
        steps: optimiser steps, one count for each number of labels.
        batch_size: labelled images of a step.
        learning_rate: AdamW's learning rate, at its highest.
        weight_decay: AdamW's weight decay.
        warmup_fraction: share of the steps over which the learning rate rises; a cosine follows.
        crop_scale_min: smallest share of the image's area that a crop keeps.
        flip_probability: probability that an image is mirrored.

    Source: Gidaris et al. 2018 (RotNet), section 3.1 and figure 5(b), the supervised NIN of three blocks.
    Differs: as few_labels_blocks does.
    """
    training = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "warmup_fraction": warmup_fraction,
        "crop_scale_min": crop_scale_min,
        "flip_probability": flip_probability,
    }
    return curve(inputs, None, learned_up_to, labels_per_class, steps, training)
