"""Video colorization: a grey frame copies its colours from reference frames, and learns to track on the way."""

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.pointer import copied, copied_cross_entropy, pointers
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Prediction, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.spec import Probability
from selfsup.views.ab_bins import nearest_bin
from selfsup.views.clips import draw_exposure, draw_frames, exposed, take_frames
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from selfsup.views.pictures.channels import picture
from selfsup.views.pictures.pointers import heat_over, marked, most_colourful_position

SHOWN_CLIPS = 2
SHOWN_LIGHTNESS = 65.0
TITLE = "From where does each grey place copy its colour?"


class VideoColorization(Method):
    """Pointers of each place of a grey target into grey reference frames, through which it copies their colours.

    Args:
        references: reference frames before the target.
        longest_step: largest distance in frames between neighbours.
        temperature: what the cosines of embeddings are divided by.
        uniform_fraction: share of a uniform distribution that is mixed into the copied colours.
        flip_probability: probability that a clip is mirrored.
        exposure_strength: how much the exposure of each frame may change.

    Source: Vondrick et al. 2018 (Tracking emerges by colorizing videos), sections 3.1 and 3.2.
    Differs: a frame is embedded on its own, where the paper's 3D convolutions see the other frames too; embeddings have
    unit length and the softmax a temperature; each frame's exposure is changed a little, of which the paper says nothing.
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
        seen = self.references + 1
        return {
            "frame": draw_frames(
                examples, generator, frames=self.info.length, count=seen, longest_step=self.longest_step
            ),
            "flip": torch.rand(examples, generator=generator) < self.flip_probability,
            "exposure": draw_exposure(examples, seen, generator, self.exposure_strength),
        }

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``frames``, whose colours are copied, and ``seen``, of which the encoder sees the lightness.

        Both are (N, R + 1, 3, H, W) in [0, 1], the references in order, then the target.
        """
        frames = take_frames(batch["clip"], draws["frame"], draws["flip"])
        return {"frames": frames, "seen": exposed(frames, draws["exposure"])}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross-entropy of the copied colours, and their accuracy beside that of the frame before."""
        embedding = self._embedding(views["seen"])
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
        """Return the classification of the colour in the middle of the target, from it in grey and the frame before."""
        embedding = self._embedding(views["seen"])
        colour = self._colours(views["frames"], embedding)
        height, width = colour.shape[2:]
        middle = height // 2 * width + width // 2
        target = colour[:, -1].flatten(1)[:, middle]
        images = torch.stack([views["frames"][:, -2], picture(views["seen"][:, -1], "lightness")], 1)
        correct = self._copied(embedding, colour)[:, middle].argmax(-1) == target
        return Pretext("classification", images, target, torch.zeros_like(target), correct)

    @torch.no_grad()
    def predict(self, views: Views) -> Prediction:
        """Return the target as it is and in copied colours, and where one of its places points in each reference."""
        frames, embedding = views["frames"], self._embedding(views["seen"])
        target, grid = frames[:, -1], embedding.shape[-2:]
        probability = self._copied(embedding, self._colours(frames, embedding))
        ab = (probability @ self.centroids).transpose(1, 2).unflatten(2, grid)
        ab = F.interpolate(ab, size=target.shape[2:], mode="bilinear", align_corners=False)
        coloured = lab_to_rgb(torch.cat([rgb_to_lab(target)[:, :1], ab], 1))
        place = most_colourful_position(target, grid)
        grey = picture(frames.flatten(0, 1), "lightness").view_as(frames)
        query = _places(embedding[:, -1]).gather(1, place[:, None, None].expand(-1, -1, embedding.shape[2]))
        heat = pointers(query, _references(embedding), self.temperature).view(len(frames), self.references, *grid)
        images = {"original": target, "reference": frames[:, -2], "asked": marked(grey[:, -1], place, grid)}
        pointed = {f"pointers_{n + 1}": heat_over(grey[:, n], heat[:, n]) for n in range(self.references)}
        return Prediction("video_colorization", images | pointed | {"predicted": coloured})

    def panels(self, views: Views) -> list[Panel]:
        """Return for each of two clips the references in colour, the target in grey, and the colours asked for."""
        frames, seen = views["frames"][:SHOWN_CLIPS], views["seen"][:SHOWN_CLIPS]
        with torch.no_grad():
            colours = self.centroids[self._colours(frames, self._embedding(seen))[:, -1]].movedim(-1, 1)
        asked = lab_to_rgb(torch.cat([torch.full_like(colours[:, :1], SHOWN_LIGHTNESS), colours], 1))
        answer = torch.stack([picture(seen[:, -1], "lightness"), F.interpolate(asked, size=frames.shape[-2:])], 1)
        captions = [*(f"reference {n + 1}" for n in range(self.references)), "seen: L", "asked: its colours"]
        return [Panel(TITLE, torch.cat([clip[:-1], pair]), captions) for clip, pair in zip(frames, answer, strict=True)]

    def _embedding(self, frames: Tensor) -> Tensor:
        """Return unit vectors (N, F, D, H', W') of the places of frames (N, F, 3, H, W)."""
        *_, last = self.encoder.maps(frames.flatten(0, 1)).values()
        return F.normalize(last, dim=1).unflatten(0, frames.shape[:2])

    def _colours(self, frames: Tensor, embedding: Tensor) -> Tensor:
        """Return the nearest centroid (N, F, H', W') to the mean colour of each place of frames (N, F, 3, H, W)."""
        places = F.interpolate(frames.flatten(0, 1), size=embedding.shape[-2:], mode="area")
        return nearest_bin(rgb_to_lab(places)[:, 1:], self.centroids).unflatten(0, frames.shape[:2])

    def _copied(self, embedding: Tensor, colour: Tensor) -> Tensor:
        """Return the distributions (N, L, K) over colours that the target's places copy from the references."""
        held = F.one_hot(colour[:, :-1].flatten(1), len(self.centroids)).to(embedding.dtype)
        return copied(_places(embedding[:, -1]), _references(embedding), held, self.temperature)


def _places(maps: Tensor) -> Tensor:
    """Return maps (N, D, H', W') as a row for each place, (N, L, D)."""
    return maps.flatten(2).transpose(1, 2)


def _references(embedding: Tensor) -> Tensor:
    """Return the places (N, R L, D) of all frames but the last of (N, R + 1, D, H', W')."""
    return embedding[:, :-1].movedim(2, -1).flatten(1, 3)


def _check(encoder: Encoder, info: DataInfo, references: int, uniform_fraction: float) -> None:
    if info.grey:
        raise InputError("the clips are grey, and video colorization has no colours to copy; give it clips in colour")
    if encoder.input != "lightness":
        raise InputError(
            f"encoder.input is {encoder.input}, which shows the colours that are to be found; set encoder.input: lightness"
        )
    if "centroids" not in info.table:
        raise InputError("table is missing, and video colorization needs colour_centroids; name it")
    if references >= info.length:
        raise InputError(
            f"hyper.references is {references}, and with the target that is more than the {info.length} frames of a clip; "
            f"set at most {info.length - 1}, or prepare longer clips (frames)"
        )
    if uniform_fraction >= 1:
        raise InputError(
            f"hyper.uniform_fraction is {uniform_fraction:g}, which leaves nothing to copy; set it below 1"
        )
