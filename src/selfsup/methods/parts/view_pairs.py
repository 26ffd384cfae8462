"""Two random views of each image, and their matching: the common part of contrastive methods."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Method, Panel, Pretext, Views
from selfsup.nn.encoder import Encoder
from selfsup.nn.heads import projection_head
from selfsup.nn.momentum import forward_in_splits
from selfsup.specs.augmentation import Augmentation
from selfsup.specs.networks import Projection
from selfsup.views import augmentation

SHOWN_IMAGES = 4


class ViewPairs(Method):
    """A method of two views of each image, ``names``, with independent draws of one augmentation.

    Args:
        augmentation: of both views.
    """

    names = ("view 1", "view 2")

    def __init__(self, encoder: Encoder, info: DataInfo, *, augmentation: Augmentation) -> None:
        super().__init__(encoder, info)
        check_batch(info)
        self.augmentation = augmentation

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        return draw_views(dict.fromkeys(self.names, self.augmentation), examples, generator, self.info.size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return both views (N, 3, H, W) in [0, 1] by their names."""
        return make_views(dict.fromkeys(self.names, self.augmentation), batch["image"], draws, self.info.size_px)

    def panels(self, views: Views) -> list[Panel]:
        images = torch.stack([views[name][:SHOWN_IMAGES] for name in self.names], dim=1)
        captions = [f"image {number + 1}, {name}" for number in range(len(images)) for name in self.names]
        return [Panel("Each view's match is the other of the same image", images.flatten(0, 1), captions)]


class QueryPairs(ViewPairs):
    """A query and a key of each image; queries have length 1, and BatchNorm's statistics are those of parts of the batch.

    Args:
        temperature: what the cosines are divided by.
        head: projection from h to a query.
        batch_norm_splits: equal parts of a batch, each with separate BatchNorm statistics, as on several devices.
    """

    names = ("query", "key")

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        temperature: PositiveFloat,
        head: Projection,
        batch_norm_splits: PositiveInt,
        **view_pairs: Any,
    ) -> None:
        super().__init__(encoder, info, **view_pairs)
        if info.batch_size % batch_norm_splits or info.batch_size < 2 * batch_norm_splits:
            raise InputError(
                f"hyper.batch_norm_splits is {batch_norm_splits}, but batch_size {info.batch_size} must "
                "split into that many equal parts of 2 or more; set 1"
            )
        self.temperature = temperature
        self.head = head
        self.batch_norm_splits = batch_norm_splits
        self.projection = projection_head(encoder.feature_dim, **asdict(head))

    def query(self, x: Tensor) -> Tensor:
        """Return queries (N, D) of images (N, 3, H, W)."""
        return unit_length(self.projection(self.encoder(x)))

    def query_in_splits(self, x: Tensor) -> Tensor:
        """Return queries (N, D) of images (N, 3, H, W), one forward pass per part of the batch."""
        return forward_in_splits(self.query, x, self.batch_norm_splits)


def unit_length(z: Tensor) -> Tensor:
    """Return z (N, D) with rows of length 1, in float32 at least: lengths rounded to bfloat16 are off by up to 0.4 %."""
    return F.normalize(z.to(torch.promote_types(z.dtype, torch.float32)), dim=1)


def check_batch(info: DataInfo) -> None:
    """Raise InputError where a batch is a single image, which has no negatives."""
    if info.batch_size < 2:
        raise InputError(f"batch_size is {info.batch_size}, but a contrastive loss needs other images; set 2 or more")


def draw_views(views: Mapping[str, Augmentation], examples: int, generator: torch.Generator, size_px: int) -> Draws:
    """Return independent draws for views of images of ``size_px``: ``<view>.<draw>``, N rows each."""
    size = {"height_px": size_px, "width_px": size_px}
    draws = {name: augmentation.draw(each, examples, generator, **size) for name, each in views.items()}
    return {f"{name}.{key}": rows for name, of_view in draws.items() for key, rows in of_view.items()}


def make_views(views: Mapping[str, Augmentation], images: Tensor, draws: Draws, size_px: int) -> Views:
    """Return the views {name: (N, 3, H, W) in [0, 1]} of uint8 images (N, 3, H, W), each of its own size."""
    return {name: augmentation.apply(each, images, _of(name, draws), size_px=size_px) for name, each in views.items()}


def _of(name: str, draws: Draws) -> Draws:
    prefix = f"{name}."
    return {key.removeprefix(prefix): rows for key, rows in draws.items() if key.startswith(prefix)}


def matching(images: Tensor, anchors: Tensor, candidates: Tensor) -> Pretext:
    """Return the task of finding each image's other view among all 2N - 1 other views, by the nearest embedding.

    ``images`` (2N, 3, H, W) are the first views, then the second ones; ``anchors`` and ``candidates`` (2N, D) are their
    unit embeddings as queries and as keys.
    """
    rows = torch.arange(len(images), device=images.device)
    target = rows.roll(len(images) // 2)
    similarity = (anchors @ candidates.T).fill_diagonal_(-torch.inf)
    return Pretext("matching", images, target, similarity.argmax(1) == target)
