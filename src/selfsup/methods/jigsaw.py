"""Jigsaw puzzles: in which of the table's permutations are an image's nine tiles?"""

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.nn.encoder import Encoder
from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder
from selfsup.specs.spec import Probability
from selfsup.views import patches
from selfsup.views.color import grayscale_

POSITIONS = [f"{row} {column}" for row in ("top", "middle", "bottom") for column in ("left", "centre", "right")]
SHOWN_PUZZLES = 2


class Jigsaw(Method):
    """Classification of permutations: nine tiles, one from each cell of a 3 x 3 grid, in an order of the table.

    The context-free network: the encoder embeds every tile alone, and two layers on top take all nine embeddings,
    concatenated in the order of the puzzle.

    Args:
        cell_px: side in pixels of a cell of the 3 x 3 grid.
        tile_px: side in pixels of the tile that is cut from each cell, at a random position.
        gray_probability: probability that an image loses its colours.
        hidden_width: width of the classifier's hidden layer.

    Source: Noroozi & Favaro 2016, sections 3 and 4.
    Differs: the mean over the encoder's last map replaces the layer fc6; no dropout, so that the loss is a function of
    its views; a tile's colour channels are not shifted against each other, because images of this size show no
    chromatic aberration. The probe of patches takes the mean over tiles that overlap by half, normalised as in pretraining;
    other evaluations show the encoder whole images, as the paper's transfer.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        cell_px: PositiveInt,
        tile_px: PositiveInt,
        gray_probability: Probability,
        hidden_width: PositiveInt,
    ) -> None:
        super().__init__(encoder, info)
        _check(info, cell_px, tile_px)
        self.cell_px = cell_px
        self.tile_px = tile_px
        self.gray_probability = gray_probability
        self.hidden_width = hidden_width
        self.permutations: Tensor
        self.register_buffer("permutations", info.table["permutations"], persistent=False)
        self.classifier = nn.Sequential(
            nn.Linear(patches.PATCHES * encoder.feature_dim, hidden_width),
            nn.ReLU(),
            nn.Linear(hidden_width, len(self.permutations)),
        )

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``corner`` (N, 9, 2) of the tiles, ``permutation`` (N,) and ``gray`` (N,)."""
        grid = {"patch_px": self.tile_px, "pitch_px": self.cell_px, "room_px": self.cell_px - self.tile_px}
        return {
            "corner": patches.draw_corners(examples, generator, size_px=self.info.size_px, **grid),
            "permutation": torch.randint(len(self.permutations), (examples,), generator=generator),
            "gray": torch.rand(examples, generator=generator) < self.gray_probability,
        }

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``tile`` (N, 9, 3, H, W) of mean 0.5 in the order of the puzzle, and ``permutation`` (N,)."""
        image = grayscale_(batch["image"].float() / 255, draws["gray"])
        tile = patches.normalised(patches.cut(image, draws["corner"], self.tile_px))
        example = torch.arange(len(tile), device=tile.device)[:, None]
        return {"tile": tile[example, self.permutations[draws["permutation"]]], "permutation": draws["permutation"]}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        logits = self._logits(views["tile"])
        accuracy = (logits.detach().argmax(1) == views["permutation"]).float().mean()
        return LossOutput(F.cross_entropy(logits, views["permutation"]), {"pretext_accuracy": accuracy})

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the classification of permutations: images (N, 9, 3, H, W), clipped to [0, 1]."""
        correct = self._logits(views["tile"]).argmax(1) == views["permutation"]
        return Pretext("classification", views["tile"].clamp(0, 1), views["permutation"], correct)

    def panels(self, views: Views) -> list[Panel]:
        puzzles = zip(views["tile"][:SHOWN_PUZZLES].clamp(0, 1), views["permutation"], strict=False)
        title = "Which position does each tile come from?"
        return [Panel(title, tile, [POSITIONS[i] for i in self.permutations[k].tolist()]) for tile, k in puzzles]

    def encoders(self) -> dict[str, Encoder]:
        """Return also ``patches``, which shows the encoder tiles all over the image, normalised and in colour."""
        grid = PatchGrid.covering(self.info.size_px, self.tile_px)
        return {"image": self.encoder, "patches": PatchGridEncoder(self.encoder, grid)}

    def _logits(self, tile: Tensor) -> Tensor:
        embeddings = self.encoder(tile.flatten(0, 1)).unflatten(0, (-1, patches.PATCHES))
        return self.classifier(embeddings.flatten(1))


def _check(info: DataInfo, cell_px: int, tile_px: int) -> None:
    if "permutations" not in info.table:
        raise InputError(
            "table is missing in the recipe of jigsaw; set {table: permutations, permutations: 100, seed: 0}"
        )
    if tile_px > cell_px:
        raise InputError(f"hyper.tile_px is {tile_px}, more than hyper.cell_px {cell_px}; set {cell_px} or less")
    if info.size_px < patches.SIDE * cell_px:
        raise InputError(
            f"hyper.cell_px is {cell_px}, so three cells need images of {patches.SIDE * cell_px} px, but the images have "
            f"{info.size_px}; take larger images, or set hyper.cell_px to {info.size_px // patches.SIDE} or less"
        )
