"""Supervised training on sound: the content of every frame, or its speaker, from the past."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.waveform_windows import window_and_frame
from selfsup.nn.encoder import Encoder
from selfsup.views.pictures import spectrogram
from selfsup.views.waveforms import draw_window, first_sample, frames_of, windows

UNLABELLED = -1
SHOWN_WINDOWS = 8
PICTURE_PX = 64
ROLE = "labels"


class SupervisedWaveform(Method):
    """A linear layer on the context of every frame of a window, and the cross entropy of its label.

    Args:
        target: the label of every frame.
        window_seconds: length of the windows that are cut out of the recordings.
        gain_db: largest change of a window's loudness, up or down.

    Source: van den Oord et al. 2018 (CPC), table 1: the same architecture, trained end to end.
    Differs: content and speaker are predicted for every frame, as by the probes; windows have a random gain.
    """

    modality = "labelled_waveform"

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        target: Literal["content", "speaker"],
        window_seconds: PositiveFloat,
        gain_db: NonNegativeFloat,
    ) -> None:
        super().__init__(encoder, info)
        classes = {"content": info.classes, "speaker": info.speakers}[target]
        if classes < 2:
            raise InputError(
                f"hyper.target is {target}, but the data set has {classes} of these classes; set the other target"
            )
        self.target = target
        self.window_seconds = window_seconds
        self.window, self.frame = window_and_frame(encoder, info, window_seconds)
        self.gain_db = gain_db
        self.classifier = nn.Linear(encoder.feature_dim, classes)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``start`` and ``gain`` (N,) of the windows."""
        return draw_window(examples, self.gain_db, generator)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the windows ``waveform`` float (N, S) and ``label`` (N, T), the target of each frame, or UNLABELLED."""
        first = first_sample(batch["waveform"], draws["start"], self.window)
        waveform = windows(batch["waveform"], first, draws["gain"], self.window)
        content = frames_of(batch["content"], first, self.window // self.frame, self.frame)
        speaker = batch["speaker"][:, None].expand_as(content).masked_fill(content == UNLABELLED, UNLABELLED)
        return {"waveform": waveform, "label": content if self.target == "content" else speaker}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over the classes, the mean over all frames with a label, and the accuracy."""
        logits, label = self._logits(views["waveform"]), views["label"]
        right = (logits.detach().argmax(2) == label)[label != UNLABELLED]
        loss = F.cross_entropy(logits.flatten(0, 1), label.flatten(), ignore_index=UNLABELLED)
        return LossOutput(loss, {"pretext_accuracy": right.float().mean()})

    def panels(self, views: Views) -> list[Panel]:
        """Return spectrograms of windows, the class of its middle frame below each."""
        waveform, label = views["waveform"][:SHOWN_WINDOWS], views["label"][:SHOWN_WINDOWS]
        pictures = F.interpolate(spectrogram(waveform, self.frame, PICTURE_PX), (PICTURE_PX, PICTURE_PX), mode="area")
        captions = [f"{self.target} {number}" for number in label[:, label.shape[1] // 2].tolist()]
        return [Panel(f"Which {self.target} has every frame?", pictures, captions)]

    def _logits(self, waveform: Tensor) -> Tensor:
        """Return logits (N, T, K) of waveforms (N, S)."""
        contexts = list(self.encoder.maps(waveform).values())[-1]
        logits: Tensor = self.classifier(contexts.transpose(1, 2))
        return logits
