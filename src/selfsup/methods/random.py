"""Random initialisation: the floor of every table. No parameter moves; BatchNorm's statistics are measured."""

from typing import Literal

import torch
from torch import nn

from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Objective, Panel, Step, Views
from selfsup.methods.parts.image_pairs import check_full_resolution, pair_images, pair_panel
from selfsup.nn.encoder import Encoder
from selfsup.views.spectrograms import spectrogram
from selfsup.views.waveforms import FULL_SCALE

SHOWN = 8
PICTURE_PX = 64
PICTURE_COLUMNS = 64
Unlabelled = Literal["image", "image_depth", "clip", "waveform", "image_pair"]

ROLE = "floor"


class Random(Method):
    """An untrained encoder, evaluated as every other method's.

    Args:
        modality: what the encoder is calibrated and evaluated on: that of the methods whose floor it is.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    Differs: its BatchNorm is calibrated on unlabelled training examples, by a plain average over all of training;
    with the statistics of initialisation its features would be badly scaled and the floor too low.
    """

    def __init__(self, encoder: Encoder, info: DataInfo, *, modality: Unlabelled) -> None:
        super().__init__(encoder, info)
        self.modality = modality
        if modality == "image_pair":
            check_full_resolution(encoder, info)
        for module in encoder.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = None  # torch's name for a cumulative average

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return nothing: examples are taken as they are."""
        return {}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return what the encoder takes, untouched, as evaluations will show it: ``image`` (M, 3 or 4, H, W) in [0, 1], or
        ``waveform`` float (N, S) in [-1, 1]; of pairs also ``first`` and ``second`` (N, 3, H, W)."""
        if self.modality == "waveform":
            return {"waveform": batch["waveform"].float() / FULL_SCALE}
        if self.modality == "image_pair":
            sides = pair_images(batch)
            return sides | {"image": torch.cat(list(sides.values()))}  # (2N, 3, H, W)
        images = batch["clip"].flatten(0, 1) if self.modality == "clip" else batch["image"]  # (N T, 3, H, W) of clips
        return {"image": images.float() / 255}

    def objectives(self) -> dict[str, Objective]:
        """Return one objective that may move nothing."""
        return {"main": Objective(self.loss, {})}

    @torch.no_grad()
    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return zero, after a forward whose only effect is on BatchNorm's running statistics."""
        seen = views["waveform" if self.modality == "waveform" else "image"]
        self.encoder(seen)
        return LossOutput(torch.zeros((), device=seen.device))

    def panels(self, views: Views) -> list[Panel]:
        """Return a few examples: images, images and their depth, frames, pairs, or spectrograms of whole waveforms."""
        if self.modality == "waveform":
            shown = views["waveform"][:SHOWN]
            pictures = spectrogram(shown, shown.shape[1] // PICTURE_COLUMNS, PICTURE_PX)[..., :PICTURE_COLUMNS]
            return [_unasked("Sounds", pictures)]
        if self.modality == "image_pair":
            return [pair_panel("Pairs, with nothing to answer", views)]
        if self.modality == "image_depth":
            image, depth = views["image"][:4, :3], views["image"][:4, 3:].expand(-1, 3, -1, -1)
            return [_unasked("Images", image), Panel("Their depth, near is dark", depth, [""] * len(depth))]
        return [_unasked("Frames of a clip" if self.modality == "clip" else "Images", views["image"][:SHOWN])]


def _unasked(what: str, pictures: torch.Tensor) -> Panel:
    return Panel(f"{what}, with nothing to answer", pictures, [""] * len(pictures))
