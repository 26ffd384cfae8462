"""Split-brain autoencoder: half of the encoder predicts colour from lightness, the other lightness from colour."""

from typing import Any, Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Prediction, Pretext, Views
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn.encoder import Encoder
from selfsup.nn.inputs import AB_RANGE
from selfsup.views.lab_bins import LIGHTNESS_RANGE, lightness_bins

OTHER: dict[str, cross.Channels] = {"lightness": "ab", "ab": "lightness"}
TITLES = {
    "lightness": "From lightness: which colours belong to it?",
    "ab": "From colours: which lightness belongs to them?",
}


class SplitBrain(cross.CrossChannelMethod):
    """Concatenated encoders, each predicting the channels of Lab that are not its input.

    An encoder of two parts, one of lightness and one of ab, is the paper's; the same code trains its baselines: one
    encoder of lightness (L to ab only), or two of them (the ensemble).

    Args:
        half_objectives: for each half of the encoder, whether it predicts bins or values.
        ab_spacing: distance in ab units between bins of colour.
        lightness_bins: bins of lightness.
        temperature: of the annealed mean that turns a distribution into a colour; only for predictions, not for
            training.

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1, 3.2 and 4.1.
    Differs: the decoder is one transposed convolution and one linear layer on the encoder's last map, where the paper
    has AlexNet's fc6 and fc7 as convolutions; the bins of ab are those that contain a colour of sRGB (views/lab_bins.py).
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        half_objectives: list[Literal["classification", "regression"]],
        ab_spacing: PositiveFloat,
        lightness_bins: PositiveInt,
        temperature: PositiveFloat,
        **cross_channel: Any,
    ) -> None:
        super().__init__(encoder, info, **cross_channel)
        _check(self.inputs, half_objectives)
        self.half_objectives = half_objectives
        self.ab_spacing = ab_spacing
        self.lightness_bins = lightness_bins
        self.temperature = temperature
        centres = _centres(ab_spacing, lightness_bins)
        targets = [OTHER[kind] for kind in self.inputs]
        bins = [centres[t] if o == "classification" else None for t, o in zip(targets, half_objectives, strict=True)]
        halves = enumerate(zip(targets, bins, strict=True))
        self.make_decoders([cross.Task(half, target, of_bins) for half, (target, of_bins) in halves])

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext | None:
        """Return the distribution over colours in the middle of a grey image; None where no half predicts bins of colour."""
        answer = self.prediction.answer(self.encoder, views["uncropped"], "ab")
        if answer is None or (centres := answer[0].centres) is None:
            return None
        return cross.colour_pretext(views["uncropped"], answer[1], centres * AB_RANGE)

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction | None:
        """Return the uncropped images coloured from their lightness, or None where no half has lightness as its input."""
        predicted = self._colours(views["uncropped"])
        return None if predicted is None else cross.colour_prediction(views["uncropped"], predicted * AB_RANGE)

    @torch.no_grad()
    def complete(self, image: Tensor, hole: Tensor | None = None) -> Prediction | None:
        """Return the image coloured from its lightness, or None where no half has lightness as its input."""
        predicted = self._colours(cross.at_training_scale(image, self.encoder, self.info.size_px))
        return None if predicted is None else cross.coloured(image, predicted * AB_RANGE)

    def panels(self, views: Views) -> list[Panel]:
        """Return for each kind of half its input and its target, of four images."""
        return [cross.panel(TITLES[kind], views["image"], kind, OTHER[kind]) for kind in dict.fromkeys(self.inputs)]

    def _colours(self, image: Tensor) -> Tensor | None:
        """Return the ab (N, 2, H', W'), in units of 110, predicted by the first half of lightness, if there is one."""
        answer = self.prediction.answer(self.encoder, image, "ab")
        return None if answer is None else answer[0].estimate(answer[1], self.temperature)


def _check(inputs: list[str], half_objectives: list[Literal["classification", "regression"]]) -> None:
    if not set(inputs) <= set(OTHER):
        raise InputError(
            f"encoder has the input {' and '.join(inputs)}, but each half must leave channels of Lab to predict; "
            "set the input of each of encoder.parts to lightness or ab"
        )
    if len(half_objectives) != len(inputs):
        raise InputError(
            f"hyper.half_objectives has {len(half_objectives)} entries, but the encoder has {len(inputs)} halves; "
            "set one for each"
        )


def _centres(ab_spacing: float, count: int) -> dict[str, Tensor]:
    """Return the bins of each kind of channels, in the units of the channels."""
    return {"ab": cross.colour_bins(ab_spacing), "lightness": lightness_bins(count) * (2 / LIGHTNESS_RANGE) - 1}
