"""Two random views of each image: drawn, made, matched and shown. What contrastive methods share."""

from typing import Any

import torch
from torch import Tensor

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Draws, Panel, Pretext, Views
from selfsup.views import augmentation

Names = tuple[str, str]
SHOWN_IMAGES = 4


def check_batch(info: DataInfo) -> None:
    """Raise InputError where a batch is one image, which has nothing to be told from."""
    if info.batch_size < 2:
        raise InputError(f"batch_size is {info.batch_size}, but contrasting needs other images; set 2 or more")


def draw_pair(names: Names, examples: int, generator: torch.Generator, size_px: int, **law: Any) -> Draws:
    """Return two independent draws of one law in one dictionary: ``<view>.<what>``, N rows each."""
    drawn = {name: augmentation.draw(examples, generator, height_px=size_px, width_px=size_px, **law) for name in names}
    return {f"{name}.{what}": rows for name, draw in drawn.items() for what, rows in draw.items()}


def make_pair(names: Names, images: Tensor, draws: Draws, size_px: int, color: augmentation.ColorVariant) -> Views:
    """Return both views {name: (N, 3, H, W) in [0, 1]} of uint8 images (N, 3, H, W)."""
    return {name: augmentation.apply(images, _of(name, draws), size_px=size_px, color=color) for name in names}


def _of(name: str, draws: Draws) -> Draws:
    start = f"{name}."
    return {what.removeprefix(start): rows for what, rows in draws.items() if what.startswith(start)}


def matching(images: Tensor, anchors: Tensor, candidates: Tensor) -> Pretext:
    """Return the task to find each image's other view among all 2N - 1 other images, by the nearest embedding.

    ``images`` (2N, 3, H, W) are one view of each and then the other; ``anchors`` and ``candidates`` (2N, D) their
    unit embeddings, as the method embeds what asks and what is asked for.
    """
    rows = torch.arange(len(images), device=images.device)
    target = rows.roll(len(images) // 2)
    similarity = (anchors @ candidates.T).fill_diagonal_(-torch.inf)
    return Pretext("matching", images, target, torch.zeros_like(rows), similarity.argmax(1) == target)


def pair_panels(names: Names, views: Views) -> list[Panel]:
    """Return one panel: the two views of a few images, side by side."""
    images = torch.stack([views[name][:SHOWN_IMAGES] for name in names], dim=1)
    captions = [f"image {number + 1}, {name}" for number in range(len(images)) for name in names]
    return [Panel("Each view's match is the other of the same image", images.flatten(0, 1), captions)]
