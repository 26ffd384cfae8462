"""A fixed encoder of sound: an untrained network, or features that someone wrote down. No parameter moves."""

import torch

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Views
from selfsup.methods.random import Random
from selfsup.nn.encoder import Encoder
from selfsup.views.spectrograms import spectrogram
from selfsup.views.waveforms import FULL_SCALE

SHOWN = 8
PICTURE_PX = 64
PICTURE_COLUMNS = 64
ROLE = "floor"


class FixedWaveform(Random, Method):  # Method again, because planning reads parents from the syntax
    """What nothing was learned for, evaluated as every other method: the floor of sound, and MFCC.

    Source: van den Oord et al. 2018 (CPC), table 1, for both as baselines.
    Differs: the untrained network's BatchNorm is calibrated on unlabelled training waveforms, by a plain average.
    """

    modality = "waveform"

    def __init__(self, encoder: Encoder, info: DataInfo) -> None:
        super().__init__(encoder, info)
        rate_hz = encoder.description.get("rate_hz", info.rate_hz)
        if rate_hz != info.rate_hz:
            raise InputError(f"encoder.rate_hz is {rate_hz}, but the waveforms have {info.rate_hz} Hz; set it to that")

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``waveform`` float (N, S) in [-1, 1], untouched, as evaluations will play them."""
        return {"waveform": batch["waveform"].float() / FULL_SCALE}

    @torch.no_grad()
    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return zero, after a forward whose only effect is on BatchNorm's running statistics."""
        self.encoder(views["waveform"])
        return LossOutput(torch.zeros((), device=views["waveform"].device))

    def panels(self, views: Views) -> list[Panel]:
        """Return spectrograms of whole waveforms."""
        shown = views["waveform"][:SHOWN]
        pictures = spectrogram(shown, shown.shape[1] // PICTURE_COLUMNS, PICTURE_PX)
        return [Panel("Sounds, with nothing to answer", pictures[..., :PICTURE_COLUMNS], [""] * len(shown))]
