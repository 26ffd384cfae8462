"""SimCLR: two views of an image agree, those of other images in the batch disagree."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.losses.nt_xent import nt_xent
from selfsup.methods._view_pairs import check_batch, draw_pair, make_pair, matching, pair_panels
from selfsup.methods.base import Carry, Draws, Facts, Method, Panel, Pretext, Terms, Views
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.heads import projection_head

VIEWS = ("view 1", "view 2")


class SimCLR(Method):
    """A simple framework for contrastive learning.

    Source: Chen et al. 2020 (SimCLR), algorithm 1.
    Differs: each view is a forward of its own, so BatchNorm's statistics are per view; the published code normalises
    over both views, which on small networks is also slower. The optimiser is the recipe's, not LARS.
    """

    def __init__(
        self,
        encoder: Encoder,
        facts: Facts,
        *,
        temperature: PositiveFloat,
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
        super().__init__(encoder, facts)
        check_batch(facts)
        self.temperature = temperature
        self.color = color
        self.law = {
            "crop_scale_min": crop_scale_min,
            "color_strength": color_strength,
            "jitter_probability": jitter_probability,
            "gray_probability": gray_probability,
            "blur_probability": blur_probability,
        }
        self.projection = projection_head(head, encoder.features, hidden_width, output_width)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, alike in law and independent."""
        return draw_pair(VIEWS, examples, generator, self.facts.size_px, **self.law)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``view 1`` and ``view 2`` (N, 3, H, W) in [0, 1]."""
        return make_pair(VIEWS, batch["image"], draws, self.facts.size_px, self.color)

    def loss(self, views: Views, carry: Carry) -> Terms:
        """Return NT-Xent of the projections, its accuracy, and how far the projection is from collapse."""
        first, second = (self.projection(self.encoder(views[name])) for name in VIEWS)
        loss, correct = nt_xent(first, second, self.temperature)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(first)}
        return Terms(loss, metrics)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views by the cosine of their projections."""
        z = torch.cat([self._embedding(views[name]) for name in VIEWS])
        return matching(torch.cat([views[name] for name in VIEWS]), anchors=z, candidates=z)

    def panels(self, views: Views) -> list[Panel]:
        """Return pairs of views."""
        return pair_panels(VIEWS, views)

    def _embedding(self, x: Tensor) -> Tensor:
        return F.normalize(self.projection(self.encoder(x)), dim=1)
