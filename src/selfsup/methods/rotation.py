"""Rotation prediction: by which angle was the image turned?"""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.augmentation import Augmentation
from selfsup.views import augmentation, rotations, rotations_45

SHOWN_IMAGES = 8  # all directions of one image, of two, or of four
TURNED = {2: rotations.all_rotations_180, 4: rotations.all_rotations_90, 8: rotations_45.all_rotations_45}


class Rotation(Method):
    """Classification of images by the angle they were turned by, every image in all K directions in one batch.

    Args:
        directions: K; 4 are the quarter turns, 2 are 0 and 180 degrees, 8 the multiples of 45 degrees.
        augmentation: of the image before it is turned.

    Source: Gidaris et al. 2018 (RotNet), sections 2.1 and 3.1, table 2 for 2, 4 and 8 directions.
    Differs: images may be cropped, mirrored and jittered before they are turned, as the recipe says; the classifier is
    one linear layer on the mean of the last map, as in the paper's network in network, also where the paper's AlexNet
    has layers of its own.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        directions: Literal[2, 4, 8],
        augmentation: Augmentation,
    ) -> None:
        super().__init__(encoder, info)
        self.directions = directions
        self.augmentation = augmentation
        self.classifier = nn.Linear(encoder.feature_dim, directions)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of the augmentation; the rotations need none, since all are taken."""
        size_px = self.info.size_px
        return augmentation.draw(self.augmentation, examples, generator, height_px=size_px, width_px=size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (KN, 3, H, W) in [0, 1], all rotations of an image in a row, and ``rotation`` (KN,)."""
        upright = augmentation.apply(self.augmentation, batch["image"], draws, size_px=self.info.size_px)
        image, rotation = TURNED[self.directions](upright)
        return {"image": image, "rotation": rotation}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over the K rotations, the mean over KN images, and the accuracy."""
        logits = self.classifier(self.encoder(views["image"]))
        accuracy = (logits.detach().argmax(1) == views["rotation"]).float().mean()
        return LossOutput(F.cross_entropy(logits, views["rotation"]), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of rotations."""
        image, target = views["image"], views["rotation"]
        correct = self.classifier(self.encoder(image)).argmax(1) == target
        return Pretext("classification", image, target, torch.zeros_like(target), correct)

    def panels(self, views: Views) -> list[Panel]:
        """Return a few images in all rotations, the angle under each."""
        shown = slice(0, SHOWN_IMAGES)
        captions = [f"{rotation * 360 // self.directions}°" for rotation in views["rotation"][shown].tolist()]
        return [Panel("By which angle was the image turned?", views["image"][shown], captions)]
