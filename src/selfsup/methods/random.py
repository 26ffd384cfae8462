"""Random initialisation: the floor of every table. No parameter moves; BatchNorm's statistics are measured."""

import torch
from torch import nn

from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Objective, Panel, Views
from selfsup.nn.encoder import Encoder

ROLE = "floor"


class Random(Method):
    """An untrained encoder, evaluated as every other method's.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    Differs: its BatchNorm is calibrated on unlabelled training images, by a plain average over all of training;
    with the statistics of initialisation its features would be badly scaled and the floor too low.
    """

    def __init__(self, encoder: Encoder, info: DataInfo) -> None:
        super().__init__(encoder, info)
        for module in encoder.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = None  # torch's name for a cumulative average

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return nothing: images are taken as they are."""
        return {}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (N, 3, H, W) in [0, 1], untouched, as evaluations will show them."""
        return {"image": batch["image"].float() / 255}

    def objectives(self) -> dict[str, Objective]:
        """Return one objective that may move nothing."""
        return {"main": Objective(self.loss, {})}

    @torch.no_grad()
    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return zero, after a forward whose only effect is on BatchNorm's running statistics."""
        self.encoder(views["image"])
        return LossOutput(torch.zeros((), device=views["image"].device))

    def panels(self, views: Views) -> list[Panel]:
        images = views["image"][:8]
        return [Panel("Images, with nothing to answer", images, [""] * len(images))]
