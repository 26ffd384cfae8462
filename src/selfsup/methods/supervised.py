"""Supervised training on images: the same encoder at the same budget, with labels."""

import torch
from torch import nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.augmentation import Augmentation
from selfsup.views import augmentation

ROLE = "labels"


class Supervised(Method):
    """Classification of augmented images by a linear layer on the encoder's features.

    Args:
        augmentation: of the training images.

    Source: He et al. 2016, section 3.3.
    Differs: its augmentation is the recipe's, by default close to that of this project's self-supervised methods.
    """

    modality = "labelled_image"

    def __init__(self, encoder: Encoder, info: DataInfo, *, augmentation: Augmentation) -> None:
        super().__init__(encoder, info)
        if info.classes < 2:
            raise InputError(
                f"method is supervised, which needs 2 classes or more, and the data set has {info.classes}; "
                "take a labelled data set or another method"
            )
        self.augmentation = augmentation
        self.classifier = nn.Linear(encoder.feature_dim, info.classes)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        size_px = self.info.size_px
        return augmentation.draw(self.augmentation, examples, generator, height_px=size_px, width_px=size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (N, 3, H, W) in [0, 1] and ``label`` (N,)."""
        image = augmentation.apply(self.augmentation, batch["image"], draws, size_px=self.info.size_px)
        return {"image": image, "label": batch["label"]}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        logits = self.classifier(self.encoder(views["image"]))
        accuracy = (logits.detach().argmax(1) == views["label"]).float().mean()
        return LossOutput(F.cross_entropy(logits, views["label"]), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        correct = self.classifier(self.encoder(views["image"])).argmax(1) == views["label"]
        return Pretext("classification", views["image"], views["label"], correct)

    def panels(self, views: Views) -> list[Panel]:
        captions = [f"class {label}" for label in views["label"][:8].tolist()]
        return [Panel("Which class?", views["image"][:8], captions)]
