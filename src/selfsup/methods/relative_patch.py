"""Relative position: in which of eight directions from the first patch is the second?"""

from typing import Literal

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder
from selfsup.views import patches

DIRECTIONS = {
    "above left": (-1, -1),
    "above": (-1, 0),
    "above right": (-1, 1),
    "left": (0, -1),
    "right": (0, 1),
    "below left": (1, -1),
    "below": (1, 0),
    "below right": (1, 1),
}
SHOWN_PAIRS = 4


class RelativePatch(Method):
    """Eight-way classification of pairs of neighbouring patches of a 3 x 3 grid, with gaps and jitter between them.

    Every image gives eight pairs, one in each direction, at random positions on the grid, so that the second patch's
    position in the image alone does not reveal the direction. Each patch is encoded once.

    Args:
        patch_px: side in pixels of a patch.
        gap_px: pixels between neighbouring patches.
        jitter_px: largest shift of a patch in each direction, in pixels.
        chromatic: against chromatic aberration: drop two colour channels, project colours, or nothing.
        hidden_width: width of the classifier's hidden layers.

    Source: Doersch et al. 2015, sections 3 and 4; all pairs of one grid share its patches as in the published code.
    Differs: each patch is normalised by itself to a mean of 0.5, as the encoder takes images in [0, 1] (the paper
    subtracts the mean, its published code also divides by the standard deviation); patches are not shrunk and enlarged
    again, because here they have few pixels to lose; the mean over the encoder's last map replaces the layer fc6; about half
    of the patches of procedural scenes have no pixel of the object. The probe of patches takes the mean over patches that
    overlap by half, normalised as in pretraining, with their colours; other evaluations show the encoder whole images, as
    the paper's transfer.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        patch_px: PositiveInt,
        gap_px: NonNegativeInt,
        jitter_px: NonNegativeInt,
        chromatic: Literal["drop", "project", "none"],
        hidden_width: PositiveInt,
    ) -> None:
        super().__init__(encoder, info)
        self.patch_px = patch_px
        self.gap_px = gap_px
        self.jitter_px = jitter_px
        self.chromatic = chromatic
        self.hidden_width = hidden_width
        _check(info, patch_px, gap_px, jitter_px)
        self.classifier = nn.Sequential(
            nn.Linear(2 * encoder.feature_dim, hidden_width),
            nn.BatchNorm1d(hidden_width),
            nn.ReLU(),
            nn.Linear(hidden_width, hidden_width),
            nn.ReLU(),
            nn.Linear(hidden_width, len(DIRECTIONS)),
        )

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``corner`` (N, 9, 2), ``pair`` (N, 8, 2) of patches, and what ``chromatic`` needs."""
        pitch_px, room_px = self.patch_px + self.gap_px, 2 * self.jitter_px
        grid = {"patch_px": self.patch_px, "pitch_px": pitch_px, "room_px": room_px}
        draws = {
            "corner": patches.draw_corners(examples, generator, size_px=self.info.size_px, **grid),
            "pair": draw_pairs(examples, generator),
        }
        if self.chromatic == "drop":
            shape = (examples, patches.PATCHES, 3, self.patch_px, self.patch_px)
            draws["kept"] = torch.randint(3, shape[:2], generator=generator)
            draws["noise"] = torch.randn(shape, generator=generator)
        return draws

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``patch`` (N, 9, 3, H, W) of mean 0.5, and ``pair`` (N, 8, 2): first and second patch per direction."""
        patch = patches.cut(batch["image"], draws["corner"], self.patch_px).float() / 255
        if self.chromatic == "drop":
            patch = patches.keep_one_channel(patch, draws["kept"], draws["noise"])
        elif self.chromatic == "project":
            patch = patches.without_green_magenta(patch)
        return {"patch": patches.normalised(patch), "pair": draws["pair"]}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the cross entropy over the eight directions, the mean over 8N pairs, and the accuracy."""
        logits, direction = self._logits(views), directions(views)
        accuracy = (logits.detach().argmax(1) == direction).float().mean()
        return LossOutput(F.cross_entropy(logits, direction), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of directions: images (8N, 2, 3, H, W), clipped to [0, 1]."""
        target = directions(views)
        correct = self._logits(views).argmax(1) == target
        images = of_pairs(views["patch"].clamp(0, 1), views["pair"])
        return Pretext("classification", images, target, correct)

    def panels(self, views: Views) -> list[Panel]:
        """Return a pair for each direction, each of another image, the direction below its second patch."""
        pairs = of_pairs(views["patch"].clamp(0, 1), views["pair"]).unflatten(0, (-1, len(DIRECTIONS)))
        panels = []
        for start in range(0, len(DIRECTIONS), SHOWN_PAIRS):
            part = range(start, start + SHOWN_PAIRS)
            images = torch.cat([pairs[direction % len(pairs), direction] for direction in part])
            captions = [text for direction in part for text in ("from", list(DIRECTIONS)[direction])]
            panels.append(Panel("In which direction is the second patch?", images, captions))
        return panels

    def encoders(self) -> dict[str, Encoder]:
        """Return also ``patches``, which shows the encoder patches all over the image, normalised and with their colours."""
        grid = PatchGrid.covering(self.info.size_px, self.patch_px)
        return {"image": self.encoder, "patches": PatchGridEncoder(self.encoder, grid)}

    def _logits(self, views: Views) -> Tensor:
        """Return logits (8N, 8): late fusion, so that each patch is embedded independently of the other."""
        embeddings = self.encoder(views["patch"].flatten(0, 1)).unflatten(0, (-1, patches.PATCHES))
        return self.classifier(of_pairs(embeddings, views["pair"]).flatten(1))


def draw_pairs(examples: int, generator: torch.Generator) -> Tensor:
    """Return (N, 8, 2) patch numbers in 0..8: in each direction a first patch that has such a neighbour, and the second."""
    vertical, horizontal = torch.tensor(list(DIRECTIONS.values())).T
    firsts = []
    for step in (vertical, horizontal):
        choices = patches.SIDE - step.abs()
        position = (torch.rand(examples, len(DIRECTIONS), generator=generator) * choices).long()
        firsts.append(position + (step < 0))
    first = firsts[0] * patches.SIDE + firsts[1]
    return torch.stack([first, first + vertical * patches.SIDE + horizontal], 2)


def directions(views: Views) -> Tensor:
    """Return the direction (8N,) of each pair."""
    pair = views["pair"]
    return torch.arange(len(DIRECTIONS), device=pair.device).repeat(len(pair))


def of_pairs(values: Tensor, pair: Tensor) -> Tensor:
    """Return (8N, 2, ...), both patches of each pair, of values (N, 9, ...)."""
    example = torch.arange(len(pair), device=pair.device)[:, None, None]
    return values[example, pair].flatten(0, 1)


def _check(info: DataInfo, patch_px: int, gap_px: int, jitter_px: int) -> None:
    if 2 * jitter_px > gap_px:
        raise InputError(
            f"hyper.jitter_px is {jitter_px}, so patches {gap_px} px apart could overlap; set {gap_px // 2} or less"
        )
    needed_px = patches.grid_extent_px(patch_px, patch_px + gap_px, 2 * jitter_px)
    if info.size_px < needed_px:
        raise InputError(
            f"hyper.patch_px is {patch_px}, so three patches with hyper.gap_px {gap_px} and hyper.jitter_px {jitter_px} "
            f"need images of {needed_px} px, but the images have {info.size_px}; take larger images or smaller patches"
        )
