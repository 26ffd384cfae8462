"""Split-brain autoencoder of colour and depth: one half of the encoder takes the image, the other its depth."""

from typing import Any

from pydantic import PositiveFloat

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Views
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn.encoder import Encoder


class SplitBrainDepth(cross.CrossChannelMethod):
    """The image predicts its depth, and the depth predicts the image: L by its squared error, ab by its bins.

    Args:
        ab_spacing: distance in ab units between bins of colour.
        ab_weight: weight of the cross entropy of ab.

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
        **cross_channel: Any,
    ) -> None:
        super().__init__(encoder, info, **cross_channel)
        if self.inputs != ["rgb", "depth"]:
            raise InputError(
                f"encoder has the input {' and '.join(self.inputs)}; set two encoder.parts with the inputs rgb and depth"
            )
        self.ab_spacing = ab_spacing
        self.ab_weight = ab_weight
        colours = cross.Task(1, "ab", cross.colour_bins(ab_spacing), ab_weight)
        self.make_decoders([cross.Task(0, "depth"), cross.Task(1, "lightness"), colours])

    def panels(self, views: Views) -> list[Panel]:
        image = views["image"]
        return [
            cross.panel("From the image: what is its depth?", image, "rgb", "depth"),
            cross.panel("From depth: which image belongs to it?", image, "depth", "rgb"),
        ]
