"""Autoencoder: the image from itself through a narrow code, the baseline that cross-channel prediction is compared to."""

from typing import Any

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Views
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn.encoder import Encoder


class Autoencoder(cross.CrossChannelMethod):
    """Lab from Lab: a cross-channel encoder whose input and output are the same channels, with the squared error.

    The code is the encoder's last map, from which the decoder of the split-brain autoencoder answers.

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1 and 4.1, Lab to Lab.
    Differs: the decoder, as the split-brain autoencoder's.
    """

    def __init__(self, encoder: Encoder, info: DataInfo, **cross_channel: Any) -> None:
        super().__init__(encoder, info, **cross_channel)
        if self.sees != ["lab"]:
            raise InputError(
                f"encoder sees {' and '.join(self.sees)}, but an autoencoder's is one of lab; set encoder.input: lab"
            )
        self.ask([cross.Task(0, "lab")])

    def panels(self, views: Views) -> list[Panel]:
        """Return four images, each beside itself."""
        return [cross.panel("What was the image, behind a narrow code?", views["image"], "lab", "lab")]
