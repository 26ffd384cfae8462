"""The memory bank: a query finds its image's entry among those of other training images. What MoCo is compared with."""

import math
from typing import Annotated, Any

import torch
from pydantic import Field, PositiveInt

from selfsup.losses.info_nce import info_nce
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Pretext, Step, Views
from selfsup.methods.parts.query_pairs import QueryPairs
from selfsup.methods.parts.view_pairs import matching
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.memory_bank import MemoryBank


class MemoryBankContrast(QueryPairs):
    """No key encoder: a query's key is its image's entry in a bank of all training images, its negatives are random rows.

    After the step the query is mixed into its entry.

    Args:
        augmentation: of the query, and of the key, which the pretext task alone sees.
        momentum: share of itself that an entry keeps when its image was seen.
        negatives: rows of the bank, one draw for the whole batch.

    Source: He et al. 2020 (MoCo), figure 1b and section 3.2; Wu et al. 2018 (memory bank), section 3.1.
    Differs: a row of the bank that is the query's own image is no negative of it; among few images that would happen
    often. The loss is InfoNCE, as in MoCo's comparison, where Wu et al. have NCE with a proximal term.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        momentum: Annotated[float, Field(ge=0, lt=1)],
        negatives: PositiveInt,
        **query_pairs: Any,
    ) -> None:
        super().__init__(encoder, info, **query_pairs)
        self.momentum = momentum
        self.negatives = negatives
        self.bank = MemoryBank(info.examples, self.head.out_dim, torch.default_generator)  # seeded with the run

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, and ``negatives`` (N, K / N rounded up): rows of the bank, for all queries."""
        pair, each = super().draw(examples, generator), math.ceil(self.negatives / examples)
        rows = torch.randint(self.info.examples, (examples, each), generator=generator)
        return {**pair, "negatives": rows}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``query`` and ``key`` (N, 3, H, W) in [0, 1], ``row`` (N,), each query's own, and ``negatives`` (K,)."""
        negatives = draws["negatives"].flatten()[: self.negatives]
        return {**super().views(batch, draws), "row": batch["index"], "negatives": negatives}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return InfoNCE of the queries against the bank as it stands; queries and their rows wait in ``extras``."""
        query = self.query_in_splits(views["query"])  # (N, D)
        row, negatives = views["row"], views["negatives"]  # (N,), (K,)
        key, entries = self.bank.entries[row], self.bank.entries[negatives]  # (N, D), (K, D)
        loss, correct = info_nce(
            query, key, entries, self.temperature, exclude_mask=row[:, None] == negatives
        )  # (N, K)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(query)}
        return LossOutput(loss, metrics, {"queries": query.detach(), "row": row})

    def after_step(self, extras: Extras, step: Step) -> None:
        """Bring the entries of the step's images up to date."""
        self.bank.update(extras["row"], extras["queries"], self.momentum)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views by their queries: held-out images have no entries."""
        x = torch.cat([views[name] for name in self.names])  # (2N, 3, H, W)
        anchors = self.query(x)
        return matching(x, anchors, candidates=anchors)
