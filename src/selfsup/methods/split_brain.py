"""Split-brain autoencoder: half of the encoder colours the lightness, the other half lights the colours."""

from typing import Any, Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Prediction, Pretext, Views
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn.encoder import Encoder
from selfsup.nn.inputs import AB_RANGE, preprocess
from selfsup.views.ab_bins import nearest_bin
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.lightness_bins import LIGHTNESS_RANGE, lightness_bins
from selfsup.views.pictures.channels import picture

OTHER: dict[str, cross.Channels] = {"lightness": "ab", "ab": "lightness"}
TITLES = {
    "lightness": "One half sees lightness: which colours belong to it?",
    "ab": "One half sees colours: which lightness belongs to them?",
}
PRETEXT_SPACING = 20.0


class SplitBrain(cross.CrossChannelMethod):
    """Cross-channel encoders side by side, each predicting the channels of Lab that it does not see.

    An encoder of two parts, one of which sees lightness and one ab, is the paper's; the same code trains its
    baselines: one encoder of lightness (L to ab alone), or two of them (the ensemble).

    Args:
        half_objectives: for each half of the encoder, bins or values of what it must answer.
        ab_spacing: distance in ab units between bins of colour.
        lightness_bins: bins of lightness.
        temperature: of the annealed mean, by which a distribution becomes a colour; for pictures and the
            pretext answer alone.

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1, 3.2 and 4.1.
    Differs: the decoder is one transposed convolution and one linear layer on the encoder's last map, where the paper
    has AlexNet's fc6 and fc7 as convolutions; the bins of ab are those that hold a colour of sRGB (views/ab_bins.py).
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
        _check(self.sees, half_objectives)
        self.half_objectives = half_objectives
        self.ab_spacing = ab_spacing
        self.lightness_bins = lightness_bins
        self.temperature = temperature
        centres = _centres(ab_spacing, lightness_bins)
        pairs = enumerate(zip(self.sees, half_objectives, strict=True))
        self.ask(
            [
                cross.Task(half, OTHER[given], centres[OTHER[given]] if objective == "classification" else None)
                for half, (given, objective) in pairs
            ]
        )

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext | None:
        """Return the classification of the mean colour in the middle of a whole grey image, on a coarse grid of bins.

        The method's answer is the bin of the mean colour that it puts there. None where no half sees lightness.
        """
        image = views["whole"]
        predicted = self._colours(image)
        if predicted is None:
            return None
        coarse = cross.colour_bins(PRETEXT_SPACING).to(image.device)
        target, answer = (
            nearest_bin(_middle(ab).mean((2, 3), keepdim=True), coarse)[:, 0, 0]
            for ab in (cross.at(preprocess(image, "ab"), predicted), predicted)
        )
        return Pretext(
            "classification", picture(image, "lightness"), target, torch.zeros_like(target), answer == target
        )

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction | None:
        """Return the whole images coloured from their lightness: ``original``, ``predicted``, and both ab (M, 2, H, W).

        None where no half sees lightness.
        """
        original = views["whole"]
        predicted = self._colours(original)
        if predicted is None:
            return None
        lab = rgb_to_lab(original)
        ab = F.interpolate(predicted * AB_RANGE, size=original.shape[2:], mode="bilinear", align_corners=False)
        images = {"original": original, "predicted": lab_to_rgb(torch.cat([lab[:, :1], ab], 1))}
        return Prediction("colorization", images, {"predicted_ab": ab, "target_ab": lab[:, 1:]})

    def panels(self, views: Views) -> list[Panel]:
        """Return for each kind of half four images as it sees them, each beside the channels that it must answer."""
        return [cross.panel(TITLES[given], views["image"], given, OTHER[given]) for given in dict.fromkeys(self.sees)]

    def _colours(self, image: Tensor) -> Tensor | None:
        """Return the ab (N, 2, H', W'), scaled, that the first half of lightness answers; None where there is none."""
        return self.prediction.estimate(self.encoder, image, "ab", self.temperature)


def _check(sees: list[str], half_objectives: list[Literal["classification", "regression"]]) -> None:
    """Refuse halves that see neither lightness nor ab, or objectives that are not theirs."""
    if not set(sees) <= set(OTHER):
        raise InputError(
            f"encoder sees {' and '.join(sees)}, but each half must leave channels of Lab to predict; "
            "give each of encoder.parts the input lightness or ab"
        )
    if len(half_objectives) != len(sees):
        raise InputError(
            f"hyper.half_objectives names {len(half_objectives)}, but the encoder has {len(sees)} halves; name one for each"
        )


def _centres(ab_spacing: float, count: int) -> dict[str, Tensor]:
    """Return the bins of each kind of channels, scaled as the channels are."""
    return {"ab": cross.colour_bins(ab_spacing), "lightness": lightness_bins(count) * (2 / LIGHTNESS_RANGE) - 1}


def _middle(maps: Tensor) -> Tensor:
    """Return the middle half of maps (N, C, H, W) in each direction."""
    height, width = maps.shape[2:]
    return maps[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]
