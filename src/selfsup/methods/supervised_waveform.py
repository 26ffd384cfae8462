"""Supervised training on sound: every frame's content, or its speaker, from what was heard so far."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.waveform_windows import check_stages, frame_samples, window_samples
from selfsup.nn.encoder import Encoder
from selfsup.views.spectrograms import spectrogram
from selfsup.views.waveforms import draw_window, first_sample, frames_of, windows

UNSAID = -1
SHOWN = 8
PICTURE_PX = 64
ROLE = "ceiling"


class SupervisedWaveform(Method):
    """A linear layer on the context of every frame of a window, and the cross entropy of its label.

    Args:
        target: what is asked of every frame.
        window_seconds: length of the windows that are cut out of the recordings.
        gain_db: largest change of a window's loudness, up or down.

    Source: van den Oord et al. 2018 (CPC), table 1: the same architecture, trained end to end.
    Differs: content and speaker are asked of every frame, as the probes ask; windows are made louder or softer at random.
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
        check_stages(encoder)
        classes = {"content": info.classes, "speaker": info.speakers}[target]
        if classes < 2:
            raise InputError(f"hyper.target is {target}, of which the data set has {classes}; choose the other target")
        self.target = target
        self.window_seconds = window_seconds
        self.window = window_samples(info, window_seconds)
        self.frame = frame_samples(encoder, info)
        self.gain_db = gain_db
        self.classifier = nn.Linear(encoder.feature_dim, classes)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``start`` and ``gain`` (N,) of the windows."""
        return draw_window(examples, self.gain_db, generator)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the windows ``waveform`` float (N, S) and the target of each frame, ``label`` (N, T), UNSAID where silent."""
        first = first_sample(batch["waveform"], draws["start"], self.window)
        waveform = windows(batch["waveform"], first, draws["gain"], self.window)
        content = frames_of(batch["content"], first, self.window // self.frame, self.frame)
        speaker = batch["speaker"][:, None].expand_as(content).masked_fill(content == UNSAID, UNSAID)
        return {"waveform": waveform, "label": content if self.target == "content" else speaker}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over the classes, the mean over all frames with a label, and the accuracy."""
        logits, label = self._logits(views["waveform"]), views["label"]
        right = (logits.detach().argmax(2) == label)[label != UNSAID]
        loss = F.cross_entropy(logits.flatten(0, 1), label.flatten(), ignore_index=UNSAID)
        return LossOutput(loss, {"pretext_accuracy": right.float().mean()})

    def panels(self, views: Views) -> list[Panel]:
        """Return windows, under each the class of its middle frame."""
        waveform, label = views["waveform"][:SHOWN], views["label"][:SHOWN]
        pictures = F.interpolate(spectrogram(waveform, self.frame, PICTURE_PX), (PICTURE_PX, PICTURE_PX), mode="area")
        captions = [f"{self.target} {number}" for number in label[:, label.shape[1] // 2].tolist()]
        return [Panel(f"Which {self.target}, in every frame?", pictures, captions)]

    def _logits(self, waveform: Tensor) -> Tensor:
        """Return logits (N, T, K) of waveforms (N, S)."""
        contexts = list(self.encoder.maps(waveform).values())[-1]
        logits: Tensor = self.classifier(contexts.transpose(1, 2))
        return logits
