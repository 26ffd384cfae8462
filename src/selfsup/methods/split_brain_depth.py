"""Split-brain autoencoder across colour and depth: half of the encoder sees the image, the other half its depth."""

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
        if self.sees != ["rgb", "depth"]:
            raise InputError(
                f"encoder sees {' and '.join(self.sees)}; give it two parts, the first of input rgb, the second of depth"
            )
        self.ab_spacing = ab_spacing
        self.ab_weight = ab_weight
        colours = cross.Task(1, "ab", cross.colour_bins(ab_spacing), ab_weight)
        self.ask([cross.Task(0, "depth"), cross.Task(1, "lightness"), colours])

    def panels(self, views: Views) -> list[Panel]:
        """Return for each half four images as it sees them, each beside what it must answer."""
        image = views["image"]
        return [
            cross.panel("One half sees the image: how far away is it?", image, "rgb", "depth"),
            cross.panel("One half sees depth: which image belongs to it?", image, "depth", "rgb"),
        ]
