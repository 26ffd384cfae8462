"""SimCLR: two views of an image agree, those of other images in the batch disagree."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.margin import margin_triplet
from selfsup.losses.nt_logistic import nt_logistic
from selfsup.losses.nt_xent import nt_xent
from selfsup.methods._view_pairs import check_batch, draw_pair, make_pair, matching, pair_panels
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Views
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder, ProjectedEncoder
from selfsup.nn.heads import projection_head

VIEWS = ("view 1", "view 2")


class SimCLR(Method):
    """A simple framework for contrastive learning.

    Source: Chen et al. 2020 (SimCLR), algorithm 1.
    Differs: each view is a forward of its own, so BatchNorm's statistics are per view; the published code normalises
    over both views, which on small networks is also slower. The optimiser is the recipe's; LARS is one of them.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        loss: Literal["nt_xent", "nt_logistic", "margin"],
        temperature: PositiveFloat,
        margin: NonNegativeFloat,
        negatives: Literal["all", "semi_hard"],
        head: Literal["none", "linear", "nonlinear"],
        hidden_width: PositiveInt,
        output_width: PositiveInt,
        crop_scale_min: PositiveFloat,
        color_strength: NonNegativeFloat,
        jitter_probability: NonNegativeFloat,
        gray_probability: NonNegativeFloat,
        blur_probability: NonNegativeFloat,
        color: Literal["exact", "shared_order", "affine"],
    ) -> None:
        super().__init__(encoder, info)
        check_batch(info)
        _check(loss, margin, negatives)
        self.criterion = loss
        self.temperature = temperature
        self.margin = margin
        self.negatives: Literal["all", "semi_hard"] = negatives
        self.color = color
        self.law = {
            "crop_scale_min": crop_scale_min,
            "color_strength": color_strength,
            "jitter_probability": jitter_probability,
            "gray_probability": gray_probability,
            "blur_probability": blur_probability,
        }
        self.head = {"kind": head, "hidden_width": hidden_width, "output_width": output_width}
        self.projection = projection_head(head, encoder.feature_dim, hidden_width, output_width)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, alike in law and independent."""
        return draw_pair(VIEWS, examples, generator, self.info.size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``view 1`` and ``view 2`` (N, 3, H, W) in [0, 1]."""
        return make_pair(VIEWS, batch["image"], draws, self.info.size_px, self.color)

    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return the recipe's loss of the projections, its accuracy, and how far the projection is from collapse."""
        first, second = (self.projection(self.encoder(views[name])) for name in VIEWS)
        loss, correct = self._compare(first, second)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(first)}
        return LossOutput(loss, metrics)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views by the cosine of their projections."""
        z = torch.cat([self._embedding(views[name]) for name in VIEWS])
        return matching(torch.cat([views[name] for name in VIEWS]), anchors=z, candidates=z)

    def panels(self, views: Views) -> list[Panel]:
        """Return pairs of views."""
        return pair_panels(VIEWS, views)

    def encoders(self) -> dict[str, Encoder]:
        """Return the encoder, whose output is h, and the encoder with its head, whose output is g(h)."""
        return {"image": self.encoder, "projection": ProjectedEncoder(self.encoder, self.projection, self.head)}

    def _compare(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of projections (N, D) and whether each of 2N rows finds its positive."""
        if self.criterion == "nt_logistic":
            return nt_logistic(first, second, self.temperature, self.negatives)
        if self.criterion == "margin":
            return margin_triplet(first, second, self.margin, self.negatives)
        return nt_xent(first, second, self.temperature)

    def _embedding(self, x: Tensor) -> Tensor:
        return F.normalize(self.projection(self.encoder(x)), dim=1)


def _check(loss: str, margin: float, negatives: str) -> None:
    if negatives == "semi_hard" and loss == "nt_xent":
        raise InputError("hyper.negatives is semi_hard, but nt_xent weighs all negatives itself; set all")
    if loss == "margin" and margin >= 2:
        raise InputError(f"hyper.margin is {margin:g}, but cosines differ by 2 at most; set it below 2")
    if negatives == "semi_hard" and loss == "margin" and margin == 0:
        raise InputError("hyper.margin is 0, and no negative is farther than the positive within it; set 0.4")
