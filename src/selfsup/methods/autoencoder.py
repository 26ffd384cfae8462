"""Autoencoder: the image from itself through a narrow code, the baseline that cross-channel prediction is compared to."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from selfsup.errors import InputError
from selfsup.methods import _cross_channel as cross
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Views
from selfsup.nn.encoder import Encoder


class Autoencoder(Method):
    """Lab from Lab: a cross-channel encoder whose input and output are the same channels, with the squared error.

    The code is the encoder's last map, from which the decoder of the split-brain autoencoder answers.

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1 and 4.1, Lab to Lab.
    Differs: the decoder, as the split-brain autoencoder's.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        decoder_width: PositiveInt,
        upsampling: PositiveInt,
        crop_scale_min: PositiveFloat,
        flip_probability: NonNegativeFloat,
    ) -> None:
        super().__init__(encoder, info)
        cross.check_colours(info)
        cross.check_crops(crop_scale_min, flip_probability)
        sees = [half.input for half in cross.halves(encoder)]
        if sees != ["lab"]:
            raise InputError(
                f"encoder sees {' and '.join(sees)}, but an autoencoder's is one of lab; set encoder.input: lab"
            )
        self.law = {"crop_scale_min": crop_scale_min, "flip_probability": flip_probability}
        self.tasks = [cross.Task(0, "lab")]
        self.prediction = cross.CrossChannel(encoder, self.tasks, decoder_width=decoder_width, upsampling=upsampling)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of crop and mirror."""
        return cross.draw_crops(examples, generator, self.info.size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` and ``whole`` (N, 3, H, W) and, of the first, ``lab`` (N, 3, H, W), what is asked for."""
        return cross.make_views(batch["image"], draws, self.info.size_px, self.tasks)

    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return half the squared error of Lab, a mean over places and images."""
        return self.prediction.terms(self.encoder, views)

    def panels(self, views: Views) -> list[Panel]:
        """Return four images, each beside itself."""
        return [cross.panel("What was the image, behind a narrow code?", views["image"], "lab", "lab")]
