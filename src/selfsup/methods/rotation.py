"""Rotation prediction: by which of four angles was the image turned?"""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import nn
from torch.nn import functional as F

from selfsup.methods.base import Carry, Draws, Facts, Method, Panel, Pretext, Terms, Views
from selfsup.nn.encoder import Encoder
from selfsup.views import augmentation, rotations

ANGLES_DEG = (0, 90, 180, 270)
SHOWN_IMAGES = 2


class Rotation(Method):
    """A four-way classification of images turned by quarter turns, every image in all four rotations in one batch.

    Source: Gidaris et al. 2018 (RotNet), section 2.1.
    Differs: the images may be jittered before they are turned; the classifier is one linear layer on the mean of the
    last map, where the paper's has layers of its own.
    """

    def __init__(
        self,
        encoder: Encoder,
        facts: Facts,
        *,
        crop_scale_min: PositiveFloat,
        flip_probability: NonNegativeFloat,
        color_strength: NonNegativeFloat,
        jitter_probability: NonNegativeFloat,
        gray_probability: NonNegativeFloat,
        color: Literal["exact", "shared_order", "affine"],
    ) -> None:
        super().__init__(encoder, facts)
        self.color: augmentation.ColorVariant = color
        self.law = {
            "crop_scale_min": crop_scale_min,
            "flip_probability": flip_probability,
            "color_strength": color_strength,
            "jitter_probability": jitter_probability,
            "gray_probability": gray_probability,
            "blur_probability": 0.0,
        }
        self.classifier = nn.Linear(encoder.features, len(ANGLES_DEG))

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of the augmentation; the rotations need none, since all four are taken."""
        size_px = self.facts.size_px
        return augmentation.draw(examples, generator, height_px=size_px, width_px=size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (4N, 3, H, W) in [0, 1], the four rotations of an image in a row, and ``rotation`` (4N,)."""
        upright = augmentation.apply(batch["image"], draws, size_px=self.facts.size_px, color=self.color)
        image, rotation = rotations.all_quarter_turns(upright)
        return {"image": image, "rotation": rotation}

    def loss(self, views: Views, carry: Carry) -> Terms:
        """Return the cross entropy over the four rotations, the mean over 4N images, and the accuracy."""
        logits = self.classifier(self.encoder(views["image"]))
        accuracy = (logits.detach().argmax(1) == views["rotation"]).float().mean()
        return Terms(F.cross_entropy(logits, views["rotation"]), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of rotations."""
        image, target = views["image"], views["rotation"]
        correct = self.classifier(self.encoder(image)).argmax(1) == target
        return Pretext("classification", image, target, torch.zeros_like(target), correct)

    def panels(self, views: Views) -> list[Panel]:
        """Return two images in all rotations, the angle under each."""
        shown = slice(0, SHOWN_IMAGES * len(ANGLES_DEG))
        captions = [f"{ANGLES_DEG[rotation]}°" for rotation in views["rotation"][shown].tolist()]
        return [Panel("By which angle was the image turned?", views["image"][shown], captions)]
