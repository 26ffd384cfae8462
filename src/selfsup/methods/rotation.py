"""Rotation prediction: by which angle was the image rotated?"""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.augmentation import Augmentation
from selfsup.views import augmentation, rotations

SHOWN_IMAGES = 8  # all directions of one image, of two, or of four
ROTATE = {2: rotations.all_rotations_180, 4: rotations.all_rotations_90, 8: rotations.all_rotations_45}


class Rotation(Method):
    """Classification of images by the angle of their rotation, every image in all K directions in one batch.

    Args:
        directions: K; 4 are the multiples of 90 degrees, 2 are 0 and 180 degrees, 8 the multiples of 45 degrees.
        view: the whole image, or its blurred central square, all that eight directions can show without corners.
        augmentation: of the image before it is rotated.

    Source: Gidaris et al. 2018 (RotNet), sections 2.1 and 3.1, table 2 for 2, 4 and 8 directions.
    Differs: images may be cropped, mirrored and jittered before the rotation, as the recipe says; the classifier is
    one linear layer on the mean of the last map, as in the paper's network in network, also where the paper's AlexNet
    has layers of its own.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        directions: Literal[2, 4, 8],
        view: Literal["whole", "center"],
        augmentation: Augmentation,
    ) -> None:
        super().__init__(encoder, info)
        if directions == 8 and view == "whole":
            raise InputError(
                "hyper.view is whole, but corners and interpolation would tell eight directions apart; set center"
            )
        self.directions = directions
        self.view = view
        self.augmentation = augmentation
        self.classifier = nn.Linear(encoder.feature_dim, directions)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        size_px = self.info.size_px
        return augmentation.draw(self.augmentation, examples, generator, height_px=size_px, width_px=size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (KN, 3, H, W) in [0, 1], all rotations of an image in a row, and ``rotation`` (KN,)."""
        upright = augmentation.apply(self.augmentation, batch["image"], draws, size_px=self.info.size_px)
        if self.view == "center" and self.directions < 8:
            upright = rotations.central_square(upright)
        image, rotation = ROTATE[self.directions](upright)
        return {"image": image, "rotation": rotation}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        logits = self.classifier(self.encoder(views["image"]))
        accuracy = (logits.detach().argmax(1) == views["rotation"]).float().mean()
        return LossOutput(F.cross_entropy(logits, views["rotation"]), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        correct = self.classifier(self.encoder(views["image"])).argmax(1) == views["rotation"]
        return Pretext("classification", views["image"], views["rotation"], correct)

    def panels(self, views: Views) -> list[Panel]:
        angles_deg = [rotation * 360 // self.directions for rotation in views["rotation"][:SHOWN_IMAGES].tolist()]
        captions = [f"{angle_deg}°" for angle_deg in angles_deg]
        return [Panel("By which angle was the image rotated?", views["image"][:SHOWN_IMAGES], captions)]
