"""Split-brain autoencoder across colour and depth: half of the encoder sees the image, the other half its depth."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from selfsup.errors import InputError
from selfsup.methods import _cross_channel as cross
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Views
from selfsup.nn.encoder import Encoder


class SplitBrainDepth(Method):
    """The image predicts its depth, and the depth predicts the image: L by its squared error, ab by its bins.

    Source: Zhang et al. 2017 (Split-brain autoencoders), section 4.2.
    Differs: depth is one channel, where the paper encodes it in three (HHA), which needs the direction of gravity; the
    decoders, as the split-brain autoencoder's.
    """

    modality = "image_depth"

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        ab_spacing: PositiveFloat,
        ab_weight: PositiveFloat,
        decoder_width: PositiveInt,
        upsampling: PositiveInt,
        crop_scale_min: PositiveFloat,
        flip_probability: NonNegativeFloat,
    ) -> None:
        super().__init__(encoder, info)
        cross.check_colours(info)
        cross.check_crops(crop_scale_min, flip_probability)
        sees = [half.input for half in cross.halves(encoder)]
        if sees != ["rgb", "depth"]:
            raise InputError(
                f"encoder sees {' and '.join(sees)}; give it two parts, the first of input rgb, the second of depth"
            )
        self.law = {"crop_scale_min": crop_scale_min, "flip_probability": flip_probability}
        colours = cross.Task(1, "ab", cross.colour_bins(ab_spacing), ab_weight)
        self.tasks = [cross.Task(0, "depth"), cross.Task(1, "lightness"), colours]
        self.prediction = cross.CrossChannel(encoder, self.tasks, decoder_width=decoder_width, upsampling=upsampling)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of crop and mirror."""
        return cross.draw_crops(examples, generator, self.info.size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` and ``whole`` (N, 4, H, W), and what is asked for: ``depth``, ``lightness``, ``ab``."""
        return cross.make_views(batch["image"], draws, self.info.size_px, self.tasks)

    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return the squared errors of depth and of L, each halved, and ``ab_weight`` times the cross entropy of ab."""
        return self.prediction.terms(self.encoder, views)

    def panels(self, views: Views) -> list[Panel]:
        """Return for each half four images as it sees them, each beside what it must answer."""
        image = views["image"]
        return [
            cross.panel("One half sees the image: how far away is it?", image, "rgb", "depth"),
            cross.panel("One half sees depth: which image belongs to it?", image, "depth", "rgb"),
        ]
