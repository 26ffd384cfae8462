"""A fixed encoder of sound: features that someone wrote down. Nothing is random in it, and no parameter moves."""

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.methods.random import Random
from selfsup.nn.encoder import Encoder

ROLE = "floor"


class FixedWaveform(Random):
    """What nothing was learned for, evaluated as every other method: MFCC.

    Source: van den Oord et al. 2018 (CPC), table 1, as a baseline.
    """

    modality = "waveform"

    def __init__(self, encoder: Encoder, info: DataInfo) -> None:
        super().__init__(encoder, info, modality="waveform")
        rate_hz = encoder.description.get("rate_hz", info.rate_hz)
        if rate_hz != info.rate_hz:
            raise InputError(f"encoder.rate_hz is {rate_hz}, but the waveforms have {info.rate_hz} Hz; set it to that")
