"""Split-brain autoencoder: half of the encoder colours the lightness, the other half lights the colours."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods import _cross_channel as cross
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Views
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


class SplitBrain(Method):
    """Cross-channel encoders side by side, each predicting the channels of Lab that it does not see.

    An encoder of two parts, one of which sees lightness and one ab, is the paper's; the same code trains its
    baselines: one encoder of lightness (L to ab alone), or two of them (the ensemble).

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1, 3.2 and 4.1.
    Differs: the decoder is one transposed convolution and one linear layer on the encoder's last map, where the paper
    has AlexNet's fc6 and fc7 as convolutions; the bins of ab are those that hold a colour of sRGB (views/ab_bins.py).
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        objectives: list[Literal["classification", "regression"]],
        ab_spacing: PositiveFloat,
        lightness_bins: PositiveInt,
        temperature: PositiveFloat,
        decoder_width: PositiveInt,
        upsampling: PositiveInt,
        crop_scale_min: PositiveFloat,
        flip_probability: NonNegativeFloat,
    ) -> None:
        super().__init__(encoder, info)
        cross.check_colours(info)
        cross.check_crops(crop_scale_min, flip_probability)
        self.sees = _inputs(encoder, objectives)
        self.temperature = temperature
        self.law = {"crop_scale_min": crop_scale_min, "flip_probability": flip_probability}
        centres = _centres(ab_spacing, lightness_bins)
        self.tasks = [
            cross.Task(half, OTHER[given], centres[OTHER[given]] if objective == "classification" else None)
            for half, (given, objective) in enumerate(zip(self.sees, objectives, strict=True))
        ]
        self.prediction = cross.CrossChannel(encoder, self.tasks, decoder_width=decoder_width, upsampling=upsampling)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of crop and mirror."""
        return cross.draw_crops(examples, generator, self.info.size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` and ``whole`` (N, 3, H, W), and what is asked for: ``ab`` (N, 2, H, W), ``lightness``."""
        return cross.make_views(batch["image"], draws, self.info.size_px, self.tasks)

    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return the sum of the halves' losses, each its cross entropy over bins or half its squared error."""
        return self.prediction.terms(self.encoder, views)

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


def _inputs(encoder: Encoder, objectives: list[Literal["classification", "regression"]]) -> list[str]:
    """Return what each half sees; InputError where that is neither lightness nor ab, or the objectives are not theirs."""
    sees = [half.input for half in cross.halves(encoder)]
    if not set(sees) <= set(OTHER):
        raise InputError(
            f"encoder sees {' and '.join(sees)}, but each half must leave channels of Lab to predict; "
            "give each of encoder.parts the input lightness or ab"
        )
    if len(objectives) != len(sees):
        raise InputError(
            f"hyper.objectives names {len(objectives)}, but the encoder has {len(sees)} halves; name one for each"
        )
    return sees


def _centres(ab_spacing: float, count: int) -> dict[str, Tensor]:
    """Return the bins of each kind of channels, scaled as the channels are."""
    return {"ab": cross.colour_bins(ab_spacing), "lightness": lightness_bins(count) * (2 / LIGHTNESS_RANGE) - 1}


def _middle(maps: Tensor) -> Tensor:
    """Return the middle half of maps (N, C, H, W) in each direction."""
    height, width = maps.shape[2:]
    return maps[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]
