"""Cross-channel prediction, common to split-brain and colorization methods: an encoder predicts channels of the image."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.colorization import soft_cross_entropy, squared_error
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Step, Views
from selfsup.nn.decoders import map_decoder
from selfsup.nn.encoder import ConcatenatedEncoder, Encoder
from selfsup.nn.inputs import AB_RANGE, CHANNELS, preprocess
from selfsup.specs.augmentation import Crop
from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.lab_bins import annealed_mean, bins_in_gamut, nearest_bin, nearest_lightness
from selfsup.views.pictures import picture

Channels = Literal["lightness", "ab", "lab", "depth"]
SHOWN_IMAGES = 4
PRETEXT_SPACING = 30.0  # an odd multiple of the recipes' 10: no bin is halfway between two cells


@dataclass(frozen=True)
class Task:
    """The prediction of ``channels`` by one ``half`` of the encoder, by its number, as values or as bins.

    ``centres`` (Q, C) are the bins, in the units of the channels (nn/inputs.py); None for values.
    """

    half: int
    channels: Channels
    centres: Tensor | None = None
    weight: float = 1.0


class ChannelDecoder(nn.Module):
    """The decoder of one task, to values (N, C, H, W) or logits over bins (N, Q, H, W)."""

    centres: Tensor | None

    def __init__(self, features: int, task: Task, *, width: int, upsampling: int) -> None:
        super().__init__()
        self.register_buffer("centres", task.centres, persistent=False)
        outputs = CHANNELS[task.channels] if task.centres is None else len(task.centres)
        self.layers = map_decoder(features, outputs, width=width, upsampling=upsampling)

    def forward(self, last: Tensor) -> Tensor:
        answer: Tensor = self.layers(last)
        return answer

    def loss(self, answer: Tensor, channels: Tensor) -> Tensor:
        """Return the loss of an answer, whose targets are means of the image's channels (N, C, H', W').

        Source: Zhang et al. 2017, equations 1 and 2, with one bin for each position as in appendix B.
        Differs: the mean over positions and images, not the sum, so that the learning rate does not depend on size.
        """
        target = at(channels, answer)
        if self.centres is None:
            return squared_error(answer, target)
        nearest = nearest_bin if target.shape[1] == 2 else nearest_lightness
        index = nearest(target, self.centres)[:, None]
        return soft_cross_entropy(answer, index, torch.ones_like(index, dtype=target.dtype))

    def estimate(self, answer: Tensor, temperature: float) -> Tensor:
        """Return the values (N, C, H, W) of an answer, in the units of the channels."""
        return answer.float() if self.centres is None else annealed_mean(answer.float(), self.centres, temperature)


class CrossChannel(nn.Module):
    """The decoders of all tasks, on the last maps of an encoder's halves, and the sum of their losses.

    The halves share no parameters, so one optimiser updates both. The encoder is passed with each call, as its parameters
    belong to the method.
    """

    def __init__(self, encoder: Encoder, tasks: list[Task], *, decoder_width: int, upsampling: int) -> None:
        super().__init__()
        self.tasks = tasks
        features = [half.feature_dim for half in halves(encoder)]
        self.decoders = nn.ModuleList(
            ChannelDecoder(features[task.half], task, width=decoder_width, upsampling=upsampling) for task in tasks
        )

    def losses(self, encoder: Encoder, views: Views) -> list[Tensor]:
        """Return the loss of each task, without its weight."""
        last = [_last(half, views["image"]) for half in halves(encoder)]
        pairs = zip(self.tasks, self._decoders(), strict=True)
        return [decoder.loss(decoder(last[task.half]), views[task.channels]) for task, decoder in pairs]

    def loss(self, encoder: Encoder, views: Views) -> LossOutput:
        """Return the weighted sum of the losses, each logged by its half and channels."""
        losses = self.losses(encoder, views)
        total = torch.stack([task.weight * loss for task, loss in zip(self.tasks, losses, strict=True)]).sum()
        names = [f"half{task.half + 1}_{task.channels}_loss" for task in self.tasks]
        return LossOutput(total, {name: loss.detach() for name, loss in zip(names, losses, strict=True)})

    def answer(self, encoder: Encoder, image: Tensor, channels: Channels) -> tuple[ChannelDecoder, Tensor] | None:
        """Return the first decoder to these channels and its answer; None without such a task."""
        for task, decoder in zip(self.tasks, self._decoders(), strict=True):
            if task.channels == channels:
                return decoder, decoder(_last(halves(encoder)[task.half], image))
        return None

    def _decoders(self) -> list[ChannelDecoder]:
        return [decoder for decoder in self.decoders if isinstance(decoder, ChannelDecoder)]


def _last(half: Encoder, image: Tensor) -> Tensor:
    *_, last = half.maps(image).values()
    return last


class CrossChannelMethod(Method):
    """A method whose encoder, or each half of it, predicts channels of the image, by the tasks of ``make_decoders``.

    Args:
        decoder_width: channels of the decoder's hidden layer.
        upsampling: factor from the encoder's last map to the prediction.
        crop: of the training images.
    """

    tasks: list[Task]
    prediction: CrossChannel

    def __init__(
        self, encoder: Encoder, info: DataInfo, *, decoder_width: PositiveInt, upsampling: PositiveInt, crop: Crop
    ) -> None:
        super().__init__(encoder, info)
        if info.grey:
            raise InputError("the images are grey, but the method predicts colours; take colour images")
        self.decoder_width = decoder_width
        self.upsampling = upsampling
        self.crop = crop
        self.inputs = [half.input for half in halves(encoder)]

    def make_decoders(self, tasks: list[Task]) -> None:
        sizes = {"decoder_width": self.decoder_width, "upsampling": self.upsampling}
        self.tasks = tasks
        self.prediction = CrossChannel(self.encoder, tasks, **sizes)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``box`` (N, 4) and ``flip`` (N,); colours are the target, so they are not changed."""
        size_px, crop = self.info.size_px, self.crop
        box = draw_boxes(examples, generator, height_px=size_px, width_px=size_px, scale_min=crop.scale_min)
        return {"box": box, "flip": torch.rand(examples, generator=generator) < crop.flip_probability}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image``, cropped and mirrored, and ``uncropped``, both (N, 3 or 4, H, W) in [0, 1], and the targets: channels
        (N, C, H, W) of ``image`` by their names, in the units of nn/inputs.py."""
        image = resized_crop(batch["image"], draws["box"], draws["flip"], self.info.size_px).clamp_(0, 1)
        targets: Views = {task.channels: preprocess(image, task.channels) for task in self.tasks}
        return {"image": image, "uncropped": batch["image"].float() / 255, **targets}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the weighted sum of the tasks' losses: cross entropies over bins, or half of squared errors."""
        return self.prediction.loss(self.encoder, views)


@cache
def colour_bins(spacing: float) -> Tensor:
    """Return the bins of ab (Q, 2), in the encoder's units of ab: a shared tensor that must not be changed."""
    return bins_in_gamut(spacing) / AB_RANGE


def halves(encoder: Encoder) -> list[Encoder]:
    """Return the parts of a concatenated encoder, or a list of any other encoder."""
    if not isinstance(encoder, ConcatenatedEncoder):
        return [encoder]
    return [part for part in encoder.parts if isinstance(part, Encoder)]


def at(channels: Tensor, answer: Tensor) -> Tensor:
    """Return the means of channels (N, C, H', W') over the positions of an answer (N, ..., H, W)."""
    return F.interpolate(channels, size=answer.shape[2:], mode="area")


def colour_pretext(image: Tensor, logits: Tensor, centres: Tensor) -> Pretext:
    """Return the distribution over colours at the position in the middle of grey images (N, 3, H, W).

    ``logits`` (N, Q, H', W') are over bins whose ``centres`` (Q, 2) are in units of ab. Classes are the cells of a grid of
    PRETEXT_SPACING, of which each has the bins nearest to it.
    """
    middle = (..., logits.shape[2] // 2, logits.shape[3] // 2)
    colour = at(rgb_to_lab(image)[:, 1:], logits)[middle]
    cell = _nearest(centres, bins_in_gamut(PRETEXT_SPACING).to(centres.device))
    target = cell[_nearest(colour, centres)]
    probability = (logits[middle].float().softmax(1) * (cell == target[:, None])).sum(1)
    return Pretext("distribution", picture(image, "lightness"), target, probability.clamp(max=1))


def _nearest(ab: Tensor, centres: Tensor) -> Tensor:
    """Return the row (M,) of the nearest of the centres (Q, 2) to each colour of ab (M, 2)."""
    return nearest_bin(ab[:, :, None, None], centres)[:, 0, 0]


def colour_prediction(original: Tensor, ab: Tensor) -> Prediction:
    """Return images (M, 3, H, W) as ``original`` and coloured by predicted ab (M, 2, H', W'), and this ab."""
    upsampled = F.interpolate(ab, size=original.shape[2:], mode="bilinear", align_corners=False)
    predicted = lab_to_rgb(torch.cat([rgb_to_lab(original)[:, :1], upsampled], 1))
    images = {"original": original, "predicted": predicted}
    return Prediction("colorization", images, {"predicted_ab": ab}, of_every_image=True)


def at_training_scale(image: Tensor, encoder: Encoder, size_px: int) -> Tensor:
    """Return an image (1, 3, H, W) with ``size_px`` on its shorter side, and on the longer a multiple of the encoder's
    stride, so that the last map covers it exactly."""
    stride = size_px // _last(halves(encoder)[0], image.new_zeros(1, 3, size_px, size_px)).shape[-1]
    scale = size_px / min(image.shape[2:])
    size = [max(size_px, round(side * scale / stride) * stride) for side in image.shape[2:]]
    return F.interpolate(image, size=size, mode="bilinear", antialias=True)


def coloured(image: Tensor, ab: Tensor) -> Prediction:
    """Return an image (1, 3, H, W) as ``original``, its ``lightness``, and ``coloured`` by predicted ab (1, 2, H', W')."""
    images = {"original": image, "lightness": picture(image, "lightness")}
    return Prediction("colorization", images | {"coloured": colour_prediction(image, ab).images["predicted"]})


def panel(title: str, image: Tensor, source: str, target: str) -> Panel:
    """Return the input channels of a few images, each beside the channels to predict."""
    image = image[:SHOWN_IMAGES]
    pictures = torch.stack([picture(image, source), picture(image, target)], 1).flatten(0, 1)
    return Panel(title, pictures, [f"input: {source}", f"target: {target}"] * len(image))
