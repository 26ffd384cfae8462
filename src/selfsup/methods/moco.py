"""MoCo, v1 or v2 by its recipe: a query finds its key among a queue of keys by a momentum encoder."""

from typing import Annotated, Any

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.losses.info_nce import info_nce
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Pretext, Step, Views
from selfsup.methods.parts.view_pairs import QueryPairs, matching, unit_length
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.memory import Queue
from selfsup.nn.momentum import forward_in_splits, momentum_copy, update_momentum


class MoCo(QueryPairs):
    """Momentum contrast.

    A step is the paper's algorithm 1: queries and keys, loss, the optimiser updates the query encoder, then the key
    encoder by momentum, and the keys are pushed. The published code updates the key encoder at the start of the next
    step instead, which is equal: no weight changes in between, and before the first step both encoders are equal.

    Args:
        augmentation: of query and key.
        momentum: share of the key encoder that is kept at each step; 0 copies the query encoder, 1 keeps the random start.
        queue_length: keys in the queue, the negatives of each query.

    Source: He et al. 2020 (MoCo), algorithm 1, figure 1 and sections 3.2 and 3.3; Chen et al. 2020 (MoCo v2), section 2.
    Differs: v1's jitter turns the hue by at most 0.1 where its published code has 0.4, and grey comes after the jitter.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        momentum: Annotated[float, Field(ge=0, le=1)],
        queue_length: PositiveInt,
        **query_pairs: Any,
    ) -> None:
        super().__init__(encoder, info, **query_pairs)
        if queue_length < info.batch_size:
            raise InputError(
                f"hyper.queue_length is {queue_length}, less than the keys of one batch; set {info.batch_size} or more"
            )
        self.momentum = momentum
        self.queue_length = queue_length
        self.key_encoder = momentum_copy(encoder)
        self.key_projection = momentum_copy(self.projection)
        self.queue = Queue(queue_length, self.head.out_dim, torch.default_generator)  # seeded with the run

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, and ``shuffle`` (N,), the order of the keys in BatchNorm."""
        return {**super().draw(examples, generator), "shuffle": torch.randperm(examples, generator=generator)}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``query`` and ``key`` (N, 3, H, W) in [0, 1], and ``shuffle`` (N,)."""
        return {**super().views(batch, draws), "shuffle": draws["shuffle"]}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return InfoNCE of the queries against the present queue; ``extras`` has the ``keys`` (N, D)."""
        query = self.query_in_splits(views["query"])  # (N, D)
        key = self._shuffled_keys(views["key"], views["shuffle"])  # (N, D)
        loss, correct = info_nce(query, key, self.queue.entries, self.temperature)  # entries (K, D): logits (N, 1 + K)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(query)}
        return LossOutput(loss, metrics, {"keys": key})

    def after_step(self, extras: Extras, step: Step) -> None:
        """Update the key encoder by momentum, then push the step's keys."""
        update_momentum(self.key_encoder, self.encoder, self.momentum)
        update_momentum(self.key_projection, self.projection, self.momentum)
        self.queue.push(extras["keys"])

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views: queries against keys."""
        x = torch.cat([views[name] for name in self.names])  # (2N, 3, H, W)
        return matching(x, anchors=self.query(x), candidates=self._key(x))

    @torch.no_grad()
    def _key(self, x: Tensor) -> Tensor:
        return unit_length(self.key_projection(self.key_encoder(x)))

    def _shuffled_keys(self, x: Tensor, shuffle: Tensor) -> Tensor:
        """Return keys (N, D) in the order of x, computed in the order of ``shuffle``.

        A key thus shares BatchNorm's statistics with other images than its query does, so they cannot reveal it.
        """
        keys = forward_in_splits(self._key, x[shuffle], self.batch_norm_splits)
        return keys[shuffle.argsort()]
