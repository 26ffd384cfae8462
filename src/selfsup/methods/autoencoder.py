"""Autoencoder: the image from itself through a narrow code, the baseline of cross-channel prediction."""

from typing import Any

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Views
from selfsup.methods.parts import cross_channel as cross
from selfsup.nn.encoder import Encoder


class Autoencoder(cross.CrossChannelMethod):
    """Lab from Lab: a cross-channel encoder whose input and output are the same channels, with the squared error.

    The code is the encoder's last map; the decoder is the split-brain autoencoder's.

    Source: Zhang et al. 2017 (Split-brain autoencoders), sections 3.1 and 4.1, Lab to Lab.
    Differs: the decoder, as the split-brain autoencoder's.
    """

    def __init__(self, encoder: Encoder, info: DataInfo, **cross_channel: Any) -> None:
        super().__init__(encoder, info, **cross_channel)
        if self.inputs != ["lab"]:
            raise InputError(
                f"encoder.input is {' and '.join(self.inputs)}, but an autoencoder has one encoder of lab; "
                "set encoder.input: lab"
            )
        self.make_decoders([cross.Task(0, "lab")])

    def panels(self, views: Views) -> list[Panel]:
        return [cross.panel("Which image does the code reconstruct?", views["image"], "lab", "lab")]
