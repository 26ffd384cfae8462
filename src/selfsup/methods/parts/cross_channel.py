"""Cross-channel encoders: each half of an encoder predicts channels of the image. What the split-brain methods share."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.colorization import soft_cross_entropy, squared_error
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.nn.encoder import ConcatenatedEncoder, Encoder
from selfsup.nn.inputs import AB_RANGE, CHANNELS, preprocess
from selfsup.nn.map_decoder import map_decoder
from selfsup.specs.augmentation import Crop
from selfsup.views.ab_bins import annealed_mean, bins_in_gamut, nearest_bin
from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.lightness_bins import nearest_lightness
from selfsup.views.pictures.channels import picture

Channels = Literal["lightness", "ab", "lab", "depth"]
SHOWN_IMAGES = 4


@dataclass(frozen=True)
class Task:
    """What one ``half`` of the encoder, by its number, must answer: ``channels``, as values or as bins.

    ``centres`` (Q, C) are the bins, scaled as the channels are (nn/inputs.py); None: the values themselves.
    """

    half: int
    channels: Channels
    centres: Tensor | None = None
    weight: float = 1.0


class ChannelDecoder(nn.Module):
    """One task's answer at each place of a map: values (N, C, H, W), or logits (N, Q, H, W) over bins."""

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
        """Return the loss of an answer to the channels (N, C, H', W') of the image, whose means over the map it asks for.

        Source: Zhang et al. 2017, equations 1 and 2, with one bin for each place as in appendix B.
        Differs: the mean over places and images in place of the sum, so that the learning rate does not depend on size.
        """
        target = at(channels, answer)
        if self.centres is None:
            return squared_error(answer, target)
        nearest = nearest_bin if target.shape[1] == 2 else nearest_lightness
        index = nearest(target, self.centres)[:, None]
        return soft_cross_entropy(answer, index, torch.ones_like(index, dtype=target.dtype))

    def estimate(self, answer: Tensor, temperature: float) -> Tensor:
        """Return the values (N, C, H, W), scaled as the channels are, that an answer stands for."""
        return answer.float() if self.centres is None else annealed_mean(answer.float(), self.centres, temperature)


class CrossChannel(nn.Module):
    """The decoders of all tasks, on the last maps of an encoder's halves, and the sum of their losses.

    The halves share nothing, so neither's loss has a gradient in the other, and one optimiser serves both.
    The encoder is handed in with each call: it belongs to the method.
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
        found = zip(self.tasks, self._each(), strict=True)
        return [decoder.loss(decoder(last[task.half]), views[task.channels]) for task, decoder in found]

    def terms(self, encoder: Encoder, views: Views) -> LossOutput:
        """Return the weighted sum of the losses, each logged by its half and channels."""
        losses = self.losses(encoder, views)
        total = torch.stack([task.weight * loss for task, loss in zip(self.tasks, losses, strict=True)]).sum()
        names = [f"half{task.half + 1}_{task.channels}_loss" for task in self.tasks]
        return LossOutput(total, {name: loss.detach() for name, loss in zip(names, losses, strict=True)})

    def estimate(self, encoder: Encoder, image: Tensor, channels: Channels, temperature: float) -> Tensor | None:
        """Return the values (N, C, H, W) of the first task that asks for these channels of images; None: no task does."""
        for task, decoder in zip(self.tasks, self._each(), strict=True):
            if task.channels == channels:
                return decoder.estimate(decoder(_last(halves(encoder)[task.half], image)), temperature)
        return None

    def _each(self) -> list[ChannelDecoder]:
        return [decoder for decoder in self.decoders if isinstance(decoder, ChannelDecoder)]


def _last(half: Encoder, image: Tensor) -> Tensor:
    *_, last = half.maps(image).values()
    return last


class CrossChannelMethod(Method):
    """A method whose encoder, or each half of it, predicts channels of the image: a child says which by ``ask``.

    Args:
        decoder_width: channels of the decoder's hidden layer.
        upsampling: how many times finer than the encoder's last map the answer is.
        crop: of the training images.
    """

    tasks: list[Task]
    prediction: CrossChannel

    def __init__(
        self, encoder: Encoder, info: DataInfo, *, decoder_width: PositiveInt, upsampling: PositiveInt, crop: Crop
    ) -> None:
        super().__init__(encoder, info)
        if info.grey:
            raise InputError("the data is grey, and the method predicts colours; give it images in colour")
        self.decoder_width = decoder_width
        self.upsampling = upsampling
        self.crop = crop
        self.sees = [half.input for half in halves(encoder)]

    def ask(self, tasks: list[Task]) -> None:
        """Set what the encoder must answer, and make the decoders."""
        sizes = {"decoder_width": self.decoder_width, "upsampling": self.upsampling}
        self.tasks = tasks
        self.prediction = CrossChannel(self.encoder, tasks, **sizes)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``box`` (N, 4) and ``flip`` (N,); colours are left as they are, for they are the answer."""
        size_px, crop = self.info.size_px, self.crop
        box = draw_boxes(examples, generator, height_px=size_px, width_px=size_px, scale_min=crop.scale_min)
        return {"box": box, "flip": torch.rand(examples, generator=generator) < crop.flip_probability}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image``, cropped and mirrored, and ``whole``, as it is, both (N, 3 or 4, H, W) in [0, 1]; and of
        ``image`` the channels that the tasks ask for, (N, C, H, W) by their names, scaled as of nn/inputs.py.
        """
        image = resized_crop(batch["image"], draws["box"], draws["flip"], self.info.size_px).clamp_(0, 1)
        asked: Views = {task.channels: preprocess(image, task.channels) for task in self.tasks}
        return {"image": image, "whole": batch["image"].float() / 255, **asked}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the weighted sum of the tasks' losses: cross entropies over bins, or half of squared errors."""
        return self.prediction.terms(self.encoder, views)


@cache
def colour_bins(spacing: float) -> Tensor:
    """Return the bins of ab (Q, 2), scaled as ab is: the same tensor every time, to be read alone."""
    return bins_in_gamut(spacing) / AB_RANGE


def halves(encoder: Encoder) -> list[Encoder]:
    """Return the encoders that stand side by side in one; of any other encoder, itself."""
    if not isinstance(encoder, ConcatenatedEncoder):
        return [encoder]
    return [part for part in encoder.parts if isinstance(part, Encoder)]


def at(channels: Tensor, answer: Tensor) -> Tensor:
    """Return the means of channels (N, C, H', W') over the places of an answer's map (N, ..., H, W)."""
    return F.interpolate(channels, size=answer.shape[2:], mode="area")


def panel(title: str, image: Tensor, given: str, asked: str) -> Panel:
    """Return a few images as a half sees them, each beside what it must answer."""
    image = image[:SHOWN_IMAGES]
    shown = torch.stack([picture(image, given), picture(image, asked)], 1).flatten(0, 1)
    return Panel(title, shown, [f"seen: {given}", f"asked: {asked}"] * len(image))
