"""Two random views of each image: drawn, made, matched and shown. What contrastive methods share."""

from collections.abc import Mapping

import torch
from torch import Tensor

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Method, Panel, Pretext, Views
from selfsup.nn.encoder import Encoder
from selfsup.specs.augmentation import Augmentation
from selfsup.views import augmentation

SHOWN_IMAGES = 4


class ViewPairs(Method):
    """A method of two views of each image, called by ``names``, that are drawn alike and independently.

    Args:
        augmentation: of both views.
    """

    names = ("view 1", "view 2")

    def __init__(self, encoder: Encoder, info: DataInfo, *, augmentation: Augmentation) -> None:
        super().__init__(encoder, info)
        check_batch(info)
        self.augmentation = augmentation

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the draws of both views."""
        return draw_views(dict.fromkeys(self.names, self.augmentation), examples, generator, self.info.size_px)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return both views (N, 3, H, W) in [0, 1] by their names."""
        return make_views(dict.fromkeys(self.names, self.augmentation), batch["image"], draws, self.info.size_px)

    def panels(self, views: Views) -> list[Panel]:
        """Return one panel: the two views of a few images, side by side."""
        images = torch.stack([views[name][:SHOWN_IMAGES] for name in self.names], dim=1)
        captions = [f"image {number + 1}, {name}" for number in range(len(images)) for name in self.names]
        return [Panel("Each view's match is the other of the same image", images.flatten(0, 1), captions)]


def check_batch(info: DataInfo) -> None:
    """Raise InputError where a batch is one image, which has nothing to be told from."""
    if info.batch_size < 2:
        raise InputError(f"batch_size is {info.batch_size}, but contrasting needs other images; set 2 or more")


def draw_views(asked: Mapping[str, Augmentation], examples: int, generator: torch.Generator, size_px: int) -> Draws:
    """Return independent draws of views of images of ``size_px``: ``<view>.<draw>``, N rows each."""
    size = {"height_px": size_px, "width_px": size_px}
    drawn = {name: augmentation.draw(each, examples, generator, **size) for name, each in asked.items()}
    return {f"{name}.{key}": rows for name, draws in drawn.items() for key, rows in draws.items()}


def make_views(asked: Mapping[str, Augmentation], images: Tensor, draws: Draws, size_px: int) -> Views:
    """Return the views {name: (N, 3, H, W) in [0, 1]} of uint8 images (N, 3, H, W), each of its own size."""
    return {name: augmentation.apply(each, images, _of(name, draws), size_px=size_px) for name, each in asked.items()}


def _of(name: str, draws: Draws) -> Draws:
    prefix = f"{name}."
    return {key.removeprefix(prefix): rows for key, rows in draws.items() if key.startswith(prefix)}


def matching(images: Tensor, anchors: Tensor, candidates: Tensor) -> Pretext:
    """Return the task to find each image's other view among all 2N - 1 other images, by the nearest embedding.

    ``images`` (2N, 3, H, W) are one view of each and then the other; ``anchors`` and ``candidates`` (2N, D) their
    unit embeddings, as the method embeds what asks and what is asked for.
    """
    rows = torch.arange(len(images), device=images.device)
    target = rows.roll(len(images) // 2)
    similarity = (anchors @ candidates.T).fill_diagonal_(-torch.inf)
    return Pretext("matching", images, target, torch.zeros_like(rows), similarity.argmax(1) == target)
