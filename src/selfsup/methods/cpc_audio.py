"""Contrastive predictive coding on sound: from the past, which sound comes k frames later?"""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.cpc import cpc_at, negatives_at
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.waveform_windows import window_and_frame
from selfsup.nn.encoder import Encoder
from selfsup.specs.objectives import WindowNegatives
from selfsup.views.pictures import spectrogram
from selfsup.views.waveforms import draw_window, first_sample, sounding, windows

SHOWN_WINDOWS = 2
PICTURE_PX = 64
PAST_FRAMES = 64


class CPCAudio(Method):
    """Convolutions turn samples into latents z_t, a GRU summarises the past as c_t, and W_k c_t predicts z_{t+k}.

    Args:
        modality: waveform; a labelled_waveform has its speaker, and then all negatives are of the same speaker.
        window_seconds: length of the windows that are cut out of the recordings.
        gain_db: largest change of a window's loudness, up or down.
        steps_predicted: how many frames of 10 ms ahead are predicted, K.
        times: times of each window at which the loss is computed, and whose targets are the negatives of others.
        negatives: the windows whose targets are a window's negatives.

    Source: van den Oord et al. 2018 (CPC), section 3.1, and table 2 for the choices of negatives.
    Differs: the loss is computed at some times of each window, spread evenly, and its negatives are the targets at these
    times, where the paper's are drawn among all; windows have a random gain. Negatives of the same speaker are those that
    a mixed batch has, where the paper does not say how its batches are composed.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        modality: Literal["waveform", "labelled_waveform"],
        window_seconds: PositiveFloat,
        gain_db: NonNegativeFloat,
        steps_predicted: PositiveInt,
        times: PositiveInt,
        negatives: WindowNegatives,
    ) -> None:
        super().__init__(encoder, info)
        self.modality = modality
        self.window_seconds = window_seconds
        self.window, self.frame = window_and_frame(encoder, info, window_seconds)
        _check(self.window // self.frame, steps_predicted)
        if info.batch_size % negatives.windows:
            raise InputError(
                f"hyper.negatives.windows is {negatives.windows}, but batch_size {info.batch_size} must split into parts "
                "of that many windows; set a divisor of it"
            )
        self.gain_db = gain_db
        self.steps_predicted = steps_predicted
        self.times = times
        self.negatives = negatives
        *_, self.latents, self.contexts = encoder.layers
        latent, context = (encoder.layers[name] for name in (self.latents, self.contexts))
        self.predict_steps = nn.ModuleList(  # W_k of equation 3
            nn.Linear(context, latent, bias=False) for _ in range(steps_predicted)
        )

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``start`` and ``gain`` (N,) of the windows, and ``time`` (N, A) in [0, 1), the relative times of the loss."""
        spread = torch.arange(self.times) + torch.rand(examples, self.times, generator=generator)
        return {**draw_window(examples, self.gain_db, generator), "time": spread / self.times}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the windows ``waveform`` float (N, S), ``time`` (N, A), frames with all steps after them in the window, and
        ``sources`` (N, N) bool, the windows (columns) that each window's negatives are from.

        Where a short recording is padded with silence, times are before it.
        """
        first = first_sample(batch["waveform"], draws["start"], self.window)
        waveform = windows(batch["waveform"], first, draws["gain"], self.window)
        usable = (sounding(waveform) // self.frame - self.steps_predicted).clamp(min=1)[:, None]
        time = (draws["time"] * usable).long().minimum(usable - 1)
        return {"waveform": waveform, "time": time, "sources": self._sources(batch)}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the mean loss over the steps; ``own_window_share`` is the share of negatives that are the window's own."""
        latents, predictions = self._predict(views)
        time, sources = views["time"], views["sources"]
        losses, accuracies = cpc_at(latents, predictions, time, sources)
        metrics = {f"accuracy_step_{k}": accuracy for k, accuracy in enumerate(accuracies, start=1)}
        own, total = (negatives_at(time, among).sum() for among in (sources & _own(sources), sources))
        return LossOutput(losses.mean(), {**metrics, "own_window_share": own / total.clamp(min=1)})

    def panels(self, views: Views) -> list[Panel]:
        """Return for each of two windows its past, and some sounds of which one comes next."""
        frames = spectrogram(views["waveform"], self.frame, PICTURE_PX)
        return [self._panel(frames, views["time"], number) for number in range(SHOWN_WINDOWS)]

    def _sources(self, batch: Views) -> Tensor:
        """Return (N, N) bool: the windows of the same part of the batch and, where it is known, of the same speaker."""
        part = torch.arange(len(batch["waveform"]), device=batch["waveform"].device) // self.negatives.windows
        sources = part[:, None] == part
        if "speaker" in batch:
            sources &= batch["speaker"][:, None] == batch["speaker"]
        return sources if self.negatives.own_window else sources & ~_own(sources)

    def _predict(self, views: Views) -> tuple[Tensor, Tensor]:
        """Return latents z (N, T, D) and predictions W_k c (K, N, A, D) at the times of the views."""
        maps = self.encoder.maps(views["waveform"])
        latents, contexts = (maps[layer].transpose(1, 2) for layer in (self.latents, self.contexts))
        context = contexts[torch.arange(len(contexts), device=contexts.device)[:, None], views["time"]]  # (N, A, D)
        return latents, torch.stack([predict(context) for predict in self.predict_steps])

    def _panel(self, frames: Tensor, time: Tensor, number: int) -> Panel:
        """Return the end of the past and the candidates, ``steps`` wide, of ``frames`` (N, 3, H, T)."""
        own, other = frames[number], frames[1 - number]
        steps = self.steps_predicted
        now = min(int(time[number, -1]) + 1, own.shape[-1] - steps)
        past = own[..., max(0, now - PAST_FRAMES) : now]
        elsewhere = int(time[number, 0])
        candidates = own[..., now : now + steps], own[..., elsewhere : elsewhere + steps], other[..., now : now + steps]
        pictures = [F.interpolate(picture[None], (PICTURE_PX, PICTURE_PX))[0] for picture in (past, *candidates)]
        captions = ["past", "the answer", "another time", "another voice"]
        return Panel(f"Which sound fills the next {steps} frames?", torch.stack(pictures), captions)


def _own(sources: Tensor) -> Tensor:
    return torch.eye(len(sources), dtype=torch.bool, device=sources.device)


def _check(frames: int, steps_predicted: int) -> None:
    if steps_predicted >= frames:
        raise InputError(
            f"hyper.steps_predicted is {steps_predicted}, but a window has {frames} frames; "
            f"set at most {frames - 1}, or a longer window_seconds"
        )
