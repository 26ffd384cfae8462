"""The memory bank, a baseline of MoCo: a query finds its image's entry among those of other training images."""

import math
from typing import Annotated, Any

import torch
from pydantic import Field, PositiveInt

from selfsup.losses.info_nce import info_nce
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Pretext, Step, Views
from selfsup.methods.parts.view_pairs import QueryPairs, matching
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.memory import MemoryBank


class MemoryBankContrast(QueryPairs):
    """Contrast without a key encoder: a query's key is its image's entry in a bank, its negatives are random entries.

    After the step the query is mixed into its entry.

    Args:
        augmentation: of the query, and of the key, which only the pretext task uses.
        momentum: share of an entry that is kept when its image occurs in a batch.
        negatives: entries drawn from the bank, once for the batch.

    Source: He et al. 2020 (MoCo), figure 1b and section 3.2; Wu et al. 2018 (memory bank), section 3.1.
    Differs: the query's own entry is never a negative, which in small data sets it often would be. The loss is InfoNCE,
    as in MoCo's comparison, where Wu et al. have NCE with a proximal term.
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
        """Return InfoNCE of the queries against the present bank; ``extras`` has the ``queries`` and their ``row``."""
        query = self.query_in_splits(views["query"])  # (N, D)
        row, negatives = views["row"], views["negatives"]  # (N,), (K,)
        key, entries = self.bank.entries[row], self.bank.entries[negatives]  # (N, D), (K, D)
        own_entry = row[:, None] == negatives  # (N, K)
        loss, correct = info_nce(query, key, entries, self.temperature, exclude_mask=own_entry)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(query)}
        return LossOutput(loss, metrics, {"queries": query.detach(), "row": row})

    def after_step(self, extras: Extras, step: Step) -> None:
        self.bank.update(extras["row"], extras["queries"], self.momentum)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views by their queries: held-out images have no entries."""
        x = torch.cat([views[name] for name in self.names])  # (2N, 3, H, W)
        anchors = self.query(x)
        return matching(x, anchors, candidates=anchors)
