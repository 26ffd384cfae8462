"""Colorization: the colours of an image are predicted from its lightness."""

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.losses.colorization import soft_cross_entropy, squared_error
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Step, Views
from selfsup.methods.parts.cross_channel import at, at_training_scale, colour_prediction, colour_pretext, coloured
from selfsup.nn.decoders import map_decoder
from selfsup.nn.encoder import Encoder
from selfsup.nn.inputs import AB_RANGE
from selfsup.specs.augmentation import Augmentation, Crop
from selfsup.specs.objectives import ColorObjective
from selfsup.views import augmentation
from selfsup.views.lab import rgb_to_lab
from selfsup.views.lab_bins import annealed_mean, soft_bins
from selfsup.views.pictures import picture

SHOWN_IMAGES = 3


class Colorization(Method):
    """A distribution over bins of ab at every position of a coarse map, from the image's lightness.

    Args:
        objective: the prediction at each position.
        decoder_width: channels of the decoder's hidden layer.
        upsampling: factor from the encoder's last map to the prediction.
        crop: of the training images.

    Source: Zhang et al. 2016 (Colorful image colorization), sections 2.1 to 2.3.
    Differs: the decoder is one transposed convolution and one linear layer on the encoder's last map, where the paper's
    network keeps an eighth of the image's resolution to its end; a target is the mean ab over a position of the map, where
    the published code takes one pixel in 16; regression's ab is in units of 110.
    """

    centres: Tensor
    weight: Tensor

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        objective: ColorObjective,
        decoder_width: PositiveInt,
        upsampling: PositiveInt,
        crop: Crop,
    ) -> None:
        super().__init__(encoder, info)
        _check(info, objective)
        self.objective = objective
        self.decoder_width = decoder_width
        self.upsampling = upsampling
        self.crop = crop
        outputs = 2
        if objective.name == "classification":
            outputs = len(info.table["centres"])
            self.register_buffer("centres", info.table["centres"], persistent=False)
            self.register_buffer("weight", info.table["weight"], persistent=False)
        self.decoder = map_decoder(encoder.feature_dim, outputs, width=decoder_width, upsampling=upsampling)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of crop and flip; colours are the target, so they are not changed."""
        size_px = self.info.size_px
        return augmentation.draw(_plain(self.crop), examples, generator, height_px=size_px, width_px=size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image``, cropped and mirrored, and ``uncropped``, both (N, 3, H, W) in [0, 1].

        They are in colour; the recipe's ``encoder.input`` selects lightness.
        """
        image = augmentation.apply(_plain(self.crop), batch["image"], draws, size_px=self.info.size_px)
        return {"image": image, "uncropped": batch["image"].float() / 255}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over ab bins, or half the squared error of ab in units of 110, a mean over pixels."""
        answer = self._answer(views["image"])
        target = at(rgb_to_lab(views["image"])[:, 1:], answer)
        if self.objective.name == "regression":
            return LossOutput(squared_error(answer, target / AB_RANGE))
        index, weight = soft_bins(target, self.centres, self.objective.neighbours, self.objective.sigma)
        loss = soft_cross_entropy(answer, index, weight, self.weight if self.objective.rebalance else None)
        right = answer.detach().argmax(1) == index[:, 0]
        return LossOutput(loss, {"bin_accuracy": right.float().mean()})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext | None:
        """Return the distribution over colours in the middle of a grey image; None for a regression, which has none.

        It is divided by the class weights, which make rare colours more likely than they are.
        """
        if self.objective.name == "regression":
            return None
        logits = self._answer(views["uncropped"]).float()
        if self.objective.rebalance:
            logits = logits - self.weight.log()[:, None, None]
        return colour_pretext(views["uncropped"], logits, self.centres)

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction:
        """Return the uncropped images coloured from their lightness: ``original``, ``predicted``, and its ab (M, 2, H', W')."""
        return colour_prediction(views["uncropped"], self._colours(self._answer(views["uncropped"]).float()))

    @torch.no_grad()
    def complete(self, image: Tensor, hole: Tensor | None = None) -> Prediction:
        """Return the image coloured from its lightness: ``original``, ``lightness`` and ``coloured``."""
        small = at_training_scale(image, self.encoder, self.info.size_px)
        return coloured(image, self._colours(self._answer(small).float()))

    def panels(self, views: Views) -> list[Panel]:
        """Return three images: the input, the target at one lightness, and both together."""
        image = views["image"][:SHOWN_IMAGES]
        pictures = torch.stack([picture(image, "lightness"), picture(image, "ab"), image], 1).flatten(0, 1)
        captions = ["input: L", "target: a, b", "together"] * len(image)
        return [Panel("Which colours belong to the lightness?", pictures, captions)]

    def _answer(self, image: Tensor) -> Tensor:
        """Return logits (N, Q, H', W'), or ab in units of 110 (N, 2, H', W'), on the decoder's map."""
        *_, last = self.encoder.maps(image).values()
        answer: Tensor = self.decoder(last)
        return answer

    def _colours(self, answer: Tensor) -> Tensor:
        """Return the ab (N, 2, H', W') of an answer."""
        if self.objective.name == "regression":
            return answer * AB_RANGE
        return annealed_mean(answer, self.centres, self.objective.temperature)


def _plain(crop: Crop) -> Augmentation:
    """Return the augmentation that only crops and mirrors."""
    return Augmentation(
        crop_scale_min=crop.scale_min,
        flip_probability=crop.flip_probability,
        color_strength=0.0,
        jitter_probability=0.0,
        gray_probability=0.0,
        blur_probability=0.0,
    )


def _check(info: DataInfo, objective: ColorObjective) -> None:
    if info.grey:
        raise InputError("the images are grey, but colorization predicts colours; take colour images")
    if objective.name == "regression":
        return
    if "centres" not in info.table:
        raise InputError(
            "table is missing, but classification needs ab_bins; set it, or set hyper.objective: {name: regression}"
        )
    bins = len(info.table["centres"])
    if objective.neighbours > bins:
        raise InputError(
            f"hyper.objective.neighbours is {objective.neighbours}, but there are {bins} bins; set {bins} or less"
        )
