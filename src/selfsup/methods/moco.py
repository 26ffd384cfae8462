"""MoCo: a query finds its key among those of a queue, which a slowly moving encoder filled. Recipes make it v1 or v2."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.info_nce import info_nce
from selfsup.methods._view_pairs import check_batch, draw_pair, make_pair, matching, pair_panels
from selfsup.methods.base import Carry, Draws, Facts, Method, Panel, Pretext, Terms, Views
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.heads import projection_head
from selfsup.nn.momentum import momentum_copy, update_momentum
from selfsup.nn.queue import Queue
from selfsup.nn.split_batch_norm import forward_in_splits

VIEWS = ("query", "key")


class MoCo(Method):
    """Momentum contrast.

    A step is the paper's algorithm 1: queries and keys, loss, the optimiser moves the query encoder, the key encoder
    follows, the keys are pushed. The published code lets the key encoder follow at the start of the next step
    instead: the same, because nothing moves in between and before the first step both encoders are equal.

    Source: He et al. 2020 (MoCo), algorithm 1 and section 3.3; Chen et al. 2020 (MoCo v2), section 2.
    Differs: v1's jitter turns the hue by at most 0.1 where its published code has 0.4, and grey comes after the jitter.
    """

    def __init__(
        self,
        encoder: Encoder,
        facts: Facts,
        *,
        momentum: NonNegativeFloat,
        queue_length: PositiveInt,
        temperature: PositiveFloat,
        head: Literal["linear", "nonlinear"],
        hidden_width: PositiveInt,
        output_width: PositiveInt,
        batch_norm_splits: PositiveInt,
        crop_scale_min: PositiveFloat,
        color_strength: NonNegativeFloat,
        jitter_probability: NonNegativeFloat,
        gray_probability: NonNegativeFloat,
        blur_probability: NonNegativeFloat,
        color: Literal["exact", "shared_order", "affine"],
    ) -> None:
        super().__init__(encoder, facts)
        _check(facts, momentum, queue_length, batch_norm_splits)
        self.momentum = momentum
        self.temperature = temperature
        self.batch_norm_splits = batch_norm_splits
        self.color = color
        self.law = {
            "crop_scale_min": crop_scale_min,
            "color_strength": color_strength,
            "jitter_probability": jitter_probability,
            "gray_probability": gray_probability,
            "blur_probability": blur_probability,
        }
        self.projection = projection_head(head, encoder.features, hidden_width, output_width)
        self.key_encoder = momentum_copy(encoder)
        self.key_projection = momentum_copy(self.projection)
        self.queue = Queue(queue_length, output_width, torch.default_generator)  # seeded with the run, as the weights

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, and ``shuffle`` (N,), the order in which keys meet BatchNorm."""
        pair_draws = draw_pair(VIEWS, examples, generator, self.facts.size_px, **self.law)
        return {**pair_draws, "shuffle": torch.randperm(examples, generator=generator)}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``query`` and ``key`` (N, 3, H, W) in [0, 1], and ``shuffle`` (N,)."""
        made = make_pair(VIEWS, batch["image"], draws, self.facts.size_px, self.color)
        return {**made, "shuffle": draws["shuffle"]}

    def loss(self, views: Views, carry: Carry) -> Terms:
        """Return InfoNCE of the queries against the queue as it stands; the keys (N, D) wait in ``carry``."""
        query = forward_in_splits(self._query, views["query"], self.batch_norm_splits)
        key = self._shuffled_keys(views["key"], views["shuffle"])
        loss, correct = info_nce(query, key, self.queue.entries, self.temperature)
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(query)}
        return Terms(loss, metrics, {"keys": key})

    def after_step(self, carry: Carry) -> None:
        """Let the key encoder follow the query encoder, then push the step's keys."""
        update_momentum(self.key_encoder, self.encoder, self.momentum)
        update_momentum(self.key_projection, self.projection, self.momentum)
        self.queue.push(carry["keys"])

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views: the query encoder's embedding asks, the key encoder's are asked for."""
        x = torch.cat([views[name] for name in VIEWS])
        return matching(x, anchors=self._query(x), candidates=self._key(x))

    def panels(self, views: Views) -> list[Panel]:
        """Return pairs of query and key."""
        return pair_panels(VIEWS, views)

    def _query(self, x: Tensor) -> Tensor:
        return F.normalize(self.projection(self.encoder(x)), dim=1)

    @torch.no_grad()
    def _key(self, x: Tensor) -> Tensor:
        return F.normalize(self.key_projection(self.key_encoder(x)), dim=1)

    def _shuffled_keys(self, x: Tensor, shuffle: Tensor) -> Tensor:
        """Return keys (N, D) in the order of x, computed in the order of ``shuffle``.

        A key thus shares BatchNorm's statistics with others than its query does, and they cannot give it away.
        """
        keys = forward_in_splits(self._key, x[shuffle], self.batch_norm_splits)
        return keys[shuffle.argsort()]


def _check(facts: Facts, momentum: float, queue_length: int, batch_norm_splits: int) -> None:
    check_batch(facts)
    if momentum >= 1:
        raise InputError(f"hyper.momentum is {momentum:g}, and the key encoder would never move; set it below 1")
    if queue_length < facts.batch_size:
        raise InputError(
            f"hyper.queue_length is {queue_length}, less than the keys of one batch; set {facts.batch_size} or more"
        )
    if facts.batch_size % batch_norm_splits or facts.batch_size < 2 * batch_norm_splits:
        raise InputError(
            f"hyper.batch_norm_splits is {batch_norm_splits}, but must cut batch_size {facts.batch_size} "
            "into equal parts of 2 or more; set 1, which is one part"
        )
