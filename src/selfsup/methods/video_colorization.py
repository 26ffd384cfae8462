"""Video colorization: a grey frame copies its colours from reference frames, which trains features for tracking."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.colorization import copied, copied_cross_entropy, pointers
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.spec import Probability
from selfsup.views.clips import draw_exposure, draw_frames, exposed, take_frames
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.lab_bins import nearest_bin
from selfsup.views.pictures import SHOWN_LIGHTNESS, heat_over, marked, most_colourful_position, picture

SHOWN_CLIPS = 2
TITLE = "From which reference does each position of the grey frame copy its colour?"


class VideoColorization(Method):
    """Pointers of each position of a grey target into grey reference frames, through which it copies their colours.

    Args:
        references: reference frames before the target.
        longest_step: largest distance in frames between selected frames.
        temperature: what the cosines of embeddings are divided by.
        uniform_fraction: share of a uniform distribution that is mixed into the copied colours.
        flip_probability: probability that a clip is mirrored.
        exposure_strength: largest random change of each frame's gain and offset.

    Source: Vondrick et al. 2018 (Tracking emerges by colorizing videos), sections 3.1 and 3.2.
    Differs: a frame is embedded alone, where the paper's 3D convolutions use the other frames too; embeddings have
    unit length and the softmax has a temperature; each frame's exposure is changed a little, which the paper does not do;
    the network is not given the position of each place, which the paper's is, from -1 to 1 (not verified); labels are
    propagated at a temperature of their own, as the paper's are (its value not verified), but chosen on training clips.
    """

    modality = "clip"
    centroids: Tensor

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        references: PositiveInt,
        longest_step: PositiveInt,
        temperature: PositiveFloat,
        uniform_fraction: PositiveFloat,
        flip_probability: Probability,
        exposure_strength: NonNegativeFloat,
    ) -> None:
        super().__init__(encoder, info)
        _check(encoder, info, references, uniform_fraction)
        self.references = references
        self.longest_step = longest_step
        self.temperature = temperature
        self.uniform_fraction = uniform_fraction
        self.flip_probability = flip_probability
        self.exposure_strength = exposure_strength
        self.register_buffer("centroids", info.table["centroids"], persistent=False)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``frame`` (N, R + 1), the target's last, ``flip`` (N,) bool and ``exposure`` (N, R + 1, 2)."""
        count, step = self.references + 1, self.longest_step
        return {
            "frame": draw_frames(examples, generator, frames=self.info.length, count=count, longest_step=step),
            "flip": torch.rand(examples, generator=generator) < self.flip_probability,
            "exposure": draw_exposure(examples, count, generator, self.exposure_strength),
        }

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``frames``, whose colours are copied, and ``exposed``, the encoder's input.

        Both are (N, R + 1, 3, H, W) in [0, 1], the references in order, then the target.
        """
        frames = take_frames(batch["clip"], draws["frame"], draws["flip"])
        return {"frames": frames, "exposed": exposed(frames, draws["exposure"])}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross-entropy of the copied colours, their accuracy, and that of the previous frame's colours."""
        embedding = self._embedding(views["exposed"])
        colour = self._colours(views["frames"], embedding)
        probability = self._copied(embedding, colour)
        previous, target = colour[:, -2].flatten(1), colour[:, -1].flatten(1)
        metrics = {
            "colour_accuracy": (probability.detach().argmax(-1) == target).float().mean(),
            "colour_accuracy_previous": (previous == target).float().mean(),
        }
        return LossOutput(copied_cross_entropy(probability, target, self.uniform_fraction), metrics)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of the colour in the middle of the grey target, from it and the previous frame, whose
        colour there is the answer of the baseline ``previous_frame``."""
        embedding = self._embedding(views["exposed"])
        colour = self._colours(views["frames"], embedding)
        height, width = colour.shape[2:]
        middle = height // 2 * width + width // 2
        previous, target = (colour[:, frame].flatten(1)[:, middle] for frame in (-2, -1))
        images = torch.stack([views["frames"][:, -2], picture(views["exposed"][:, -1], "lightness")], 1)
        correct = self._copied(embedding, colour)[:, middle].argmax(-1) == target
        return Pretext("classification", images, target, correct, {"previous_frame": previous == target})

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction:
        """Return the target in its own and in copied colours, and the pointers of one position into each reference."""
        frames, embedding = views["frames"], self._embedding(views["exposed"])
        target, grid = frames[:, -1], embedding.shape[-2:]
        probability = self._copied(embedding, self._colours(frames, embedding))
        ab = (probability @ self.centroids).transpose(1, 2).unflatten(2, grid)
        ab = F.interpolate(ab, size=target.shape[2:], mode="bilinear", align_corners=False)
        coloured = lab_to_rgb(torch.cat([rgb_to_lab(target)[:, :1], ab], 1))
        position = most_colourful_position(target, grid)
        grey = picture(frames.flatten(0, 1), "lightness").view_as(frames)
        query = _positions(embedding[:, -1]).gather(1, position[:, None, None].expand(-1, -1, embedding.shape[2]))
        heat = pointers(query, _references(embedding), self.temperature).view(len(frames), self.references, *grid)
        images = {"original": target, "reference": frames[:, -2], "asked": marked(grey[:, -1], position, grid)}
        pointed = {f"pointers_{n + 1}": heat_over(grey[:, n], heat[:, n]) for n in range(self.references)}
        return Prediction("video_colorization", images | pointed | {"predicted": coloured})

    def panels(self, views: Views) -> list[Panel]:
        """Return for each of two clips the references in colour, the target in grey, and its colours."""
        frames, exposed_frames = views["frames"][:SHOWN_CLIPS], views["exposed"][:SHOWN_CLIPS]
        with torch.no_grad():
            ab = self.centroids[self._colours(frames, self._embedding(exposed_frames))[:, -1]].movedim(-1, 1)
        colours = lab_to_rgb(torch.cat([torch.full_like(ab[:, :1], SHOWN_LIGHTNESS), ab], 1))
        grey = picture(exposed_frames[:, -1], "lightness")
        pairs = torch.stack([grey, F.interpolate(colours, size=frames.shape[-2:])], 1)
        captions = [*(f"reference {n + 1}" for n in range(self.references)), "input: L", "target: its colours"]
        return [Panel(TITLE, torch.cat([clip[:-1], pair]), captions) for clip, pair in zip(frames, pairs, strict=True)]

    def _embedding(self, frames: Tensor) -> Tensor:
        """Return unit vectors (N, F, D, H', W') of frames (N, F, 3, H, W)."""
        *_, last = self.encoder.maps(frames.flatten(0, 1)).values()
        return F.normalize(last, dim=1).unflatten(0, frames.shape[:2])

    def _colours(self, frames: Tensor, embedding: Tensor) -> Tensor:
        """Return the nearest centroid (N, F, H', W') to the mean colour at each position of frames (N, F, 3, H, W)."""
        means = F.interpolate(frames.flatten(0, 1), size=embedding.shape[-2:], mode="area")
        return nearest_bin(rgb_to_lab(means)[:, 1:], self.centroids).unflatten(0, frames.shape[:2])

    def _copied(self, embedding: Tensor, colour: Tensor) -> Tensor:
        """Return the distributions (N, L, K) over colours that the target copies from the references."""
        values = F.one_hot(colour[:, :-1].flatten(1), len(self.centroids)).to(embedding.dtype)
        return copied(_positions(embedding[:, -1]), _references(embedding), values, self.temperature)


def _positions(maps: Tensor) -> Tensor:
    """Return maps (N, D, H', W') as rows (N, L, D)."""
    return maps.flatten(2).transpose(1, 2)


def _references(embedding: Tensor) -> Tensor:
    """Return rows (N, R L, D) of all frames of (N, R + 1, D, H', W') but the last."""
    return embedding[:, :-1].movedim(2, -1).flatten(1, 3)


def _check(encoder: Encoder, info: DataInfo, references: int, uniform_fraction: float) -> None:
    if info.grey:
        raise InputError("the clips are grey, but video colorization copies colours; take colour clips")
    if encoder.input != "lightness":
        raise InputError(
            f"encoder.input is {encoder.input}, which reveals the colours to predict; set encoder.input: lightness"
        )
    if "centroids" not in info.table:
        raise InputError("table is missing, but video colorization needs colour_centroids; set it")
    if references >= info.length:
        raise InputError(
            f"hyper.references is {references}, but with the target a clip has only {info.length} frames; "
            f"set at most {info.length - 1}, or prepare longer clips (frames)"
        )
    if uniform_fraction >= 1:
        raise InputError(
            f"hyper.uniform_fraction is {uniform_fraction:g}, which ignores the copied colours; set it below 1"
        )
