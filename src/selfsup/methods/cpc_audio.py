"""Contrastive predictive coding on sound: from what was heard so far, which sound comes k frames later?"""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from selfsup.losses.cpc import cpc_at
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.waveform_windows import check_stages, check_window, frame_samples, window_samples
from selfsup.nn.encoder import Encoder
from selfsup.views.spectrograms import spectrogram
from selfsup.views.waveforms import draw_window, first_sample, sounding, windows

SHOWN = 2
PICTURE_PX = 64
HEARD_FRAMES = 64


class CPCAudio(Method):
    """Convolutions turn samples into latents z_t, a GRU sums up the past as c_t, and W_k c_t must tell z_{t+k} from others.

    Args:
        window_seconds: length of the windows that are cut out of the recordings.
        gain_db: largest change of a window's loudness, up or down.
        steps_predicted: how many frames of 10 ms ahead are predicted, K.
        times: times of each window at which the loss is asked.

    Source: van den Oord et al. 2018 (CPC), section 3.1.
    Differs: the loss is asked at some times of each window, spread evenly, and its negatives are what is to come at the
    other times, of the same window and of the others of the batch; windows are made louder or softer at random.
    """

    modality = "waveform"

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        window_seconds: PositiveFloat,
        gain_db: NonNegativeFloat,
        steps_predicted: PositiveInt,
        times: PositiveInt,
    ) -> None:
        super().__init__(encoder, info)
        check_stages(encoder)
        self.window_seconds = window_seconds
        self.window = window_samples(info, window_seconds)
        self.frame = frame_samples(encoder, info)
        check_window(self.window, self.frame, steps_predicted)
        self.gain_db = gain_db
        self.steps_predicted = steps_predicted
        self.times = times
        *_, self.latents, self.contexts = encoder.layers
        latent, context = (encoder.layers[name] for name in (self.latents, self.contexts))
        self.predict_steps = nn.ModuleList(  # W_k of equation 3
            nn.Linear(context, latent, bias=False) for _ in range(steps_predicted)
        )

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``start`` and ``gain`` (N,) of the windows, and ``time`` (N, A) in [0, 1), when in each the loss is asked."""
        spread = torch.arange(self.times) + torch.rand(examples, self.times, generator=generator)
        return {**draw_window(examples, self.gain_db, generator), "time": spread / self.times}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the windows ``waveform`` float (N, S), and ``time`` (N, A), a frame in each that has all steps after it.

        Where a window ends in the silence that fills up a short recording, times are before it.
        """
        first = first_sample(batch["waveform"], draws["start"], self.window)
        waveform = windows(batch["waveform"], first, draws["gain"], self.window)
        askable = (sounding(waveform) // self.frame - self.steps_predicted).clamp(min=1)[:, None]
        return {"waveform": waveform, "time": (draws["time"] * askable).long().minimum(askable - 1)}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the mean of the steps' losses and each step's accuracy."""
        latents, predictions = self._predict(views)
        losses, accuracies = cpc_at(latents, predictions, views["time"])
        metrics = {f"accuracy_step_{k}": accuracy for k, accuracy in enumerate(accuracies, start=1)}
        return LossOutput(losses.mean(), metrics)

    def panels(self, views: Views) -> list[Panel]:
        """Return for each of two windows what was heard, and some sounds of which one comes next."""
        frames = spectrogram(views["waveform"], self.frame, PICTURE_PX)
        return [self._panel(frames, views["time"], number) for number in range(SHOWN)]

    def _predict(self, views: Views) -> tuple[Tensor, Tensor]:
        """Return latents z (N, T, D) and predictions W_k c (K, N, A, D) at the times that are asked."""
        maps = self.encoder.maps(views["waveform"])
        latents, contexts = (maps[layer].transpose(1, 2) for layer in (self.latents, self.contexts))
        asked = contexts[torch.arange(len(contexts), device=contexts.device)[:, None], views["time"]]
        return latents, torch.stack([predict(asked) for predict in self.predict_steps])

    def _panel(self, frames: Tensor, time: Tensor, number: int) -> Panel:
        """Return a panel out of ``frames`` (N, 3, H, T): the end of what was heard, then the candidates, ``steps`` wide."""
        own, other = frames[number], frames[1 - number]
        steps = self.steps_predicted
        now = min(int(time[number, -1]) + 1, own.shape[-1] - steps)
        heard = own[..., max(0, now - HEARD_FRAMES) : now]
        elsewhere = int(time[number, 0])
        candidates = [
            own[..., now : now + steps],
            own[..., elsewhere : elsewhere + steps],
            other[..., now : now + steps],
        ]
        shown = [
            nn.functional.interpolate(picture[None], (PICTURE_PX, PICTURE_PX))[0] for picture in (heard, *candidates)
        ]
        captions = ["heard", "the answer", "another time", "another voice"]
        return Panel(f"Which sound fills the next {steps} frames?", torch.stack(shown), captions)
