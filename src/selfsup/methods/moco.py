"""MoCo: a query finds its key in a dictionary that a slowly moving encoder filled. Recipes make it v1 or v2."""

import math
from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.info_nce import info_nce
from selfsup.methods._view_pairs import check_batch, draw_pair, make_pair, matching, pair_panels
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Views
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder
from selfsup.nn.heads import projection_head
from selfsup.nn.memory_bank import MemoryBank
from selfsup.nn.momentum import momentum_copy, update_momentum
from selfsup.nn.queue import Queue
from selfsup.nn.split_batch_norm import forward_in_splits

VIEWS = ("query", "key")


class MoCo(Method):
    """Momentum contrast.

    A step is the paper's algorithm 1: queries and keys, loss, the optimiser moves the query encoder, the key encoder
    follows, the keys are pushed. The published code lets the key encoder follow at the start of the next step
    instead: the same, because nothing moves in between and before the first step both encoders are equal.

    ``dictionary: memory_bank`` is what the paper compares with: no key encoder; a query's key is its image's entry in
    a bank of all training images, its negatives are ``queue_length`` random rows, one draw for the whole batch, and
    after the step the query is mixed into its entry with ``bank_momentum``.

    Source: He et al. 2020 (MoCo), algorithm 1, figure 1 and sections 3.2 and 3.3; Chen et al. 2020 (MoCo v2), section 2;
    Wu et al. 2018 (memory bank), section 3.1.
    Differs: v1's jitter turns the hue by at most 0.1 where its published code has 0.4, and grey comes after the jitter.
    A row of the bank that is the query's own image is no negative of it; among few images that would happen often.
    The bank's loss is InfoNCE, as in the paper's comparison, where Wu et al. have NCE with a proximal term.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        dictionary: Literal["queue", "memory_bank"],
        momentum: NonNegativeFloat,
        bank_momentum: NonNegativeFloat,
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
        super().__init__(encoder, info)
        _check(info, dictionary, momentum, bank_momentum, queue_length, batch_norm_splits)
        self.dictionary = dictionary
        self.momentum = momentum
        self.bank_momentum = bank_momentum
        self.queue_length = queue_length
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
        self.projection = projection_head(head, encoder.feature_dim, hidden_width, output_width)
        seeded = torch.default_generator  # with the run, as the weights
        if dictionary == "memory_bank":
            self.bank = MemoryBank(info.examples, output_width, seeded)
            return
        self.key_encoder = momentum_copy(encoder)
        self.key_projection = momentum_copy(self.projection)
        self.queue = Queue(queue_length, output_width, seeded)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views, and ``shuffle`` (N,), the order in which keys meet BatchNorm.

        With a memory bank instead ``negatives`` (N, K / N rounded up): rows of the bank, all of them for all queries.
        """
        pair_draws = draw_pair(VIEWS, examples, generator, self.info.size_px, **self.law)
        if self.dictionary == "memory_bank":
            each = math.ceil(self.queue_length / examples)
            rows = torch.randint(self.info.examples, (examples, each), generator=generator)
            return {**pair_draws, "negatives": rows}
        return {**pair_draws, "shuffle": torch.randperm(examples, generator=generator)}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``query`` and ``key`` (N, 3, H, W) in [0, 1], and ``shuffle`` (N,).

        With a memory bank instead ``row`` (N,), each query's own of the bank, and ``negatives`` (K,); the key is then
        made for the pretext task alone.
        """
        made = make_pair(VIEWS, batch["image"], draws, self.info.size_px, self.color)
        if self.dictionary == "memory_bank":
            negatives = draws["negatives"].flatten()[: self.queue_length]
            return {**made, "row": batch["index"], "negatives": negatives}
        return {**made, "shuffle": draws["shuffle"]}

    def loss(self, views: Views, extras: Extras) -> LossOutput:
        """Return InfoNCE of the queries against the dictionary as it stands.

        What will change it waits in ``extras``: the keys (N, D), or with a memory bank the queries and their rows.
        """
        query = forward_in_splits(self._query, views["query"], self.batch_norm_splits)
        if self.dictionary == "memory_bank":
            row, negatives = views["row"], views["negatives"]
            key, entries, own = self.bank.entries[row], self.bank.entries[negatives], row[:, None] == negatives
            loss, correct = info_nce(query, key, entries, self.temperature, exclude_mask=own)
            carried = {"queries": query.detach(), "row": row}
        else:
            key = self._shuffled_keys(views["key"], views["shuffle"])
            loss, correct = info_nce(query, key, self.queue.entries, self.temperature)
            carried = {"keys": key}
        metrics = {"pretext_accuracy": correct.float().mean(), "embedding_std": embedding_std(query)}
        return LossOutput(loss, metrics, carried)

    def after_step(self, extras: Extras) -> None:
        """Let the key encoder follow the query encoder, then push the step's keys; or bring the bank up to date."""
        if self.dictionary == "memory_bank":
            self.bank.update(extras["row"], extras["queries"], self.bank_momentum)
            return
        update_momentum(self.key_encoder, self.encoder, self.momentum)
        update_momentum(self.key_projection, self.projection, self.momentum)
        self.queue.push(extras["keys"])

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of views: the query encoder's embedding asks, the key encoder's are asked for.

        With a memory bank there is no key encoder, and held-out images have no entries: the query encoder does both.
        """
        x = torch.cat([views[name] for name in VIEWS])
        anchors = self._query(x)
        return matching(x, anchors, candidates=anchors if self.dictionary == "memory_bank" else self._key(x))

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


def _check(
    info: DataInfo, dictionary: str, momentum: float, bank_momentum: float, queue_length: int, batch_norm_splits: int
) -> None:
    check_batch(info)
    if momentum >= 1:
        raise InputError(f"hyper.momentum is {momentum:g}, and the key encoder would never move; set it below 1")
    if bank_momentum >= 1:
        raise InputError(f"hyper.bank_momentum is {bank_momentum:g}, and no entry would ever change; set it below 1")
    if dictionary == "queue" and queue_length < info.batch_size:
        raise InputError(
            f"hyper.queue_length is {queue_length}, less than the keys of one batch; set {info.batch_size} or more"
        )
    if info.batch_size % batch_norm_splits or info.batch_size < 2 * batch_norm_splits:
        raise InputError(
            f"hyper.batch_norm_splits is {batch_norm_splits}, but must cut batch_size {info.batch_size} "
            "into equal parts of 2 or more; set 1, which is one part"
        )
