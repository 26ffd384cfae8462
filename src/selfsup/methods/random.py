"""Random initialisation, the floor of every table: no parameter is trained, BatchNorm's statistics are measured."""

from typing import Literal

import torch

from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Objective, Panel, Step, Views
from selfsup.methods.parts.image_pairs import check_full_resolution, pair_images, pair_panel
from selfsup.nn.encoder import Encoder
from selfsup.views.pictures import spectrogram
from selfsup.views.waveforms import FULL_SCALE

SHOWN_EXAMPLES = 8
PICTURE_PX = 64
Unlabelled = Literal["image", "image_depth", "clip", "waveform", "image_pair"]

ROLE = "floor"


class Random(Method):
    """An untrained encoder, evaluated like that of every other method: recipes have 0 epochs.

    Args:
        modality: the examples that the encoder is calibrated and evaluated on: those of the methods that it is a floor of.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    Differs: its BatchNorm is calibrated on unlabelled training examples, by a plain average over one epoch; with the
    statistics of initialisation its features would be badly scaled and the floor too low.
    """

    def __init__(self, encoder: Encoder, info: DataInfo, *, modality: Unlabelled) -> None:
        super().__init__(encoder, info)
        self.modality = modality
        if modality == "image_pair":
            check_full_resolution(encoder, info)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        return {}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the examples without augmentation: ``image`` (M, 3 or 4, H, W) in [0, 1], or ``waveform`` float (N, S) in
        [-1, 1]; of pairs also ``first`` and ``second`` (N, 3, H, W)."""
        if self.modality == "waveform":
            return {"waveform": batch["waveform"].float() / FULL_SCALE}
        if self.modality == "image_pair":
            sides = pair_images(batch)
            return sides | {"image": torch.cat(list(sides.values()))}  # (2N, 3, H, W)
        images = batch["clip"].flatten(0, 1) if self.modality == "clip" else batch["image"]  # (N T, 3, H, W) of clips
        return {"image": images.float() / 255}

    def objectives(self) -> dict[str, Objective]:
        return {"main": Objective(self.loss, {})}

    @torch.no_grad()
    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return zero, after a forward whose only effect is on BatchNorm's running statistics."""
        x = views["waveform" if self.modality == "waveform" else "image"]
        self.encoder(x)
        return LossOutput(torch.zeros((), device=x.device))

    def panels(self, views: Views) -> list[Panel]:
        if self.modality == "waveform":
            waveform = views["waveform"][:SHOWN_EXAMPLES]
            hop = waveform.shape[1] // PICTURE_PX
            return [_panel("Spectrograms", spectrogram(waveform, hop, PICTURE_PX)[..., :PICTURE_PX])]
        if self.modality == "image_pair":
            return [pair_panel("Pairs (no pretext task)", views)]
        if self.modality == "image_depth":
            image, depth = views["image"][:4, :3], views["image"][:4, 3:].expand(-1, 3, -1, -1)
            return [_panel("Images", image), Panel("Their depth, near is dark", depth, [""] * len(depth))]
        return [_panel("Frames of a clip" if self.modality == "clip" else "Images", views["image"][:SHOWN_EXAMPLES])]


def _panel(content: str, pictures: torch.Tensor) -> Panel:
    return Panel(f"{content} (no pretext task)", pictures, [""] * len(pictures))
