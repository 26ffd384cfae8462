"""Features by formula: an encoder that is neither learned nor random."""

from typing import Literal

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.methods.random import Random
from selfsup.nn.encoder import Encoder

ROLE = "classical"


class Handcrafted(Random):
    """Pixels, HOG or MFCC, evaluated like the encoder of every other method: what learning must beat to be worth it.

    Source: van den Oord et al. 2018 (CPC), table 1, where MFCC is a baseline.
    Differs: papers on images print no such rows.
    """

    def __init__(self, encoder: Encoder, info: DataInfo, *, modality: Literal["image", "waveform"]) -> None:
        super().__init__(encoder, info, modality=modality)
        rate_hz = encoder.description.get("rate_hz", info.rate_hz)
        if rate_hz != info.rate_hz:
            raise InputError(
                f"encoder.rate_hz is {rate_hz}, but the waveforms have {info.rate_hz} Hz; set it to {info.rate_hz}"
            )
