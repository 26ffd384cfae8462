"""SimCLR: agreement of two views of an image, contrasted with those of the other images in the batch."""

from dataclasses import asdict

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.losses.negatives import margin_triplet, nt_logistic
from selfsup.losses.nt_xent import nt_xent
from selfsup.methods.base import DataInfo, Extras, LossOutput, Pretext, Step, Views
from selfsup.methods.parts.view_pairs import ViewPairs, matching
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder, ProjectedEncoder
from selfsup.nn.heads import projection_head
from selfsup.specs.augmentation import Augmentation
from selfsup.specs.networks import Head
from selfsup.specs.objectives import Criterion


class SimCLR(ViewPairs):
    """A simple framework for contrastive learning.

    Args:
        head: projection from h to z, which the loss compares.
        criterion: the contrastive loss.

    Source: Chen et al. 2020 (SimCLR), algorithm 1.
    Differs: each view has a separate forward pass, so BatchNorm's statistics are per view; the published code normalises
    over both views, which on small networks is also slower. The optimiser is the recipe's; LARS is available.
    """

    def __init__(
        self, encoder: Encoder, info: DataInfo, *, augmentation: Augmentation, head: Head, criterion: Criterion
    ) -> None:
        super().__init__(encoder, info, augmentation=augmentation)
        self.head = head
        self.criterion = criterion
        self.projection = projection_head(encoder.feature_dim, **asdict(head))

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the recipe's loss of the projections, its accuracy, and their spread, 0 after collapse."""
        first, second = (self.projection(self.encoder(views[name])) for name in self.names)
        loss, correct = self._compare(first, second)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(first)}
        return LossOutput(loss, metrics)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        z = torch.cat([self._embedding(views[name]) for name in self.names])
        return matching(torch.cat([views[name] for name in self.names]), anchors=z, candidates=z)

    def encoders(self) -> dict[str, Encoder]:
        """Return the encoder, whose output is h, and the encoder with its head, whose output is g(h)."""
        return {"image": self.encoder, "projection": ProjectedEncoder(self.encoder, self.projection, asdict(self.head))}

    def _compare(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of projections (N, D) and whether each of 2N rows finds its positive."""
        if self.criterion.name == "nt_logistic":
            return nt_logistic(first, second, self.criterion.temperature, self.criterion.negatives)
        if self.criterion.name == "margin":
            return margin_triplet(first, second, self.criterion.margin, self.criterion.negatives)
        return nt_xent(first, second, self.criterion.temperature)

    def _embedding(self, x: Tensor) -> Tensor:
        return F.normalize(self.projection(self.encoder(x)), dim=1)
