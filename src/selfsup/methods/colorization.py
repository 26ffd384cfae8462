"""Colorization: which colours belong to a picture of which only the lightness is seen?"""

import torch
from pydantic import PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.colorization import soft_cross_entropy, squared_error
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.nn.inputs import AB_RANGE
from selfsup.nn.map_decoder import map_decoder
from selfsup.specs.augmentation import Augmentation, Crop
from selfsup.specs.color_objectives import ColorObjective
from selfsup.views import augmentation
from selfsup.views.ab_bins import annealed_mean, bins_in_gamut, nearest_bin, soft_bins
from selfsup.views.lab import lab_to_rgb, rgb_to_lab

SHOWN_IMAGES = 3
SHOWN_LIGHTNESS = 65.0
PRETEXT_SPACING = 20.0


class Colorization(Method):
    """A distribution over bins of ab at every place of a coarse map, from the lightness of the image alone.

    Args:
        objective: what is asked of each position.
        decoder_width: channels of the decoder's hidden layer.
        upsampling: how many times finer than the encoder's last map the answer is.
        crop: of the training images.

    Source: Zhang et al. 2016 (Colorful image colorization), sections 2.1 to 2.3.
    Differs: the decoder is one transposed convolution and one linear layer on the encoder's last map, where the paper's
    network keeps an eighth of the image's resolution to its end; a target is the mean ab over a place of the map, where
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
        """Return the draws of crop and mirror; colours are left as they are, for they are the answer."""
        size_px = self.info.size_px
        return augmentation.draw(_plain(self.crop), examples, generator, height_px=size_px, width_px=size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image``, cropped and mirrored, and ``whole``, as it is: both (N, 3, H, W) in [0, 1].

        They are in colour; that the encoder sees lightness alone is its recipe's ``input``.
        """
        image = augmentation.apply(_plain(self.crop), batch["image"], draws, size_px=self.info.size_px)
        return {"image": image, "whole": batch["image"].float() / 255}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over ab bins, or half the squared error of ab in units of 110, a mean over pixels."""
        answer = self._answer(views["image"])
        target = _at(rgb_to_lab(views["image"])[:, 1:], answer)
        if self.objective.name == "regression":
            return LossOutput(squared_error(answer, target / AB_RANGE))
        index, weight = soft_bins(target, self.centres, self.objective.neighbours, self.objective.sigma)
        loss = soft_cross_entropy(answer, index, weight, self.weight if self.objective.rebalance else None)
        right = answer.detach().argmax(1) == index[:, 0]
        return LossOutput(loss, {"bin_accuracy": right.float().mean()})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of the mean colour in the middle of a whole grey image, on a coarse grid of bins.

        The method's answer is the bin of the colour that it expects there: the mean of its distributions, with the
        class weights divided out of them, for they make rare colours likelier than they are.
        """
        image = views["whole"]
        answer = self._answer(image).float()
        if self.objective.name == "classification" and self.objective.rebalance:
            answer = answer - self.weight.log()[:, None, None]
        predicted = self._colours(answer, 1.0)
        coarse = bins_in_gamut(PRETEXT_SPACING).to(image.device)
        target, chosen = (
            nearest_bin(_middle(ab).mean((2, 3), keepdim=True), coarse)[:, 0, 0]
            for ab in (_at(rgb_to_lab(image)[:, 1:], predicted), predicted)
        )
        return Pretext("classification", _grey(image), target, torch.zeros_like(target), chosen == target)

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction:
        """Return the whole images coloured from their lightness: ``original``, ``predicted``, and both ab (M, 2, H, W)."""
        original = views["whole"]
        lab = rgb_to_lab(original)
        coarse = self._colours(self._answer(original).float())
        ab = F.interpolate(coarse, size=original.shape[2:], mode="bilinear", align_corners=False)
        images = {"original": original, "predicted": lab_to_rgb(torch.cat([lab[:, :1], ab], 1))}
        return Prediction("colorization", images, {"predicted_ab": ab, "target_ab": lab[:, 1:]})

    def panels(self, views: Views) -> list[Panel]:
        """Return three images as they are seen, the colours asked for at one lightness, and both together."""
        image = views["image"][:SHOWN_IMAGES]
        lab = rgb_to_lab(image)
        colours = torch.cat([torch.full_like(lab[:, :1], SHOWN_LIGHTNESS), lab[:, 1:]], 1)
        shown = torch.stack([_grey(image), lab_to_rgb(colours), image], 1).flatten(0, 1)
        captions = ["seen: L", "asked: a, b", "together"] * len(image)
        return [Panel("Which colours belong to the lightness?", shown, captions)]

    def _answer(self, image: Tensor) -> Tensor:
        """Return logits (N, Q, H', W'), or ab in units of 110 (N, 2, H', W'), on the decoder's map."""
        *_, last = self.encoder.maps(image).values()
        answer: Tensor = self.decoder(last)
        return answer

    def _colours(self, answer: Tensor, temperature: float | None = None) -> Tensor:
        """Return the ab (N, 2, H', W') that an answer stands for; by default at the recipe's temperature."""
        if self.objective.name == "regression":
            return answer * AB_RANGE
        return annealed_mean(answer, self.centres, temperature or self.objective.temperature)


def _plain(crop: Crop) -> Augmentation:
    """Return the augmentation that crops and mirrors, and leaves colours alone."""
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
        raise InputError("the data is grey, and colorization has no colours to learn from; give it images in colour")
    if objective.name == "regression":
        return
    if "centres" not in info.table:
        raise InputError(
            "table is missing, and classification needs ab_bins; name it, or set hyper.objective: {name: regression}"
        )
    bins = len(info.table["centres"])
    if objective.neighbours > bins:
        raise InputError(
            f"hyper.objective.neighbours is {objective.neighbours}, and there are {bins} bins; give at most as many"
        )


def _at(ab: Tensor, answer: Tensor) -> Tensor:
    """Return the means of ab (N, 2, H, W) over the places of a coarser map."""
    return F.interpolate(ab, size=answer.shape[2:], mode="area")


def _grey(image: Tensor) -> Tensor:
    """Return images (N, 3, H, W) of the same lightness without colour."""
    lab = rgb_to_lab(image)
    return lab_to_rgb(torch.cat([lab[:, :1], torch.zeros_like(lab[:, 1:])], 1))


def _middle(maps: Tensor) -> Tensor:
    """Return the middle half of maps (N, C, H, W) in each direction."""
    height, width = maps.shape[2:]
    return maps[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]
