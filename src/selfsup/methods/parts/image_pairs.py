"""The common part of methods on pairs of images: a batch's images, a full-resolution encoder, and marked pairs."""

import torch
from torch import Tensor

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Panel, Views
from selfsup.nn.encoder import Encoder

SIDES = ("first", "second")
SHOWN_PAIRS = 4
# Okabe and Ito's colours, distinguishable with any colour vision.
MARKS = torch.tensor([[230, 159, 0], [86, 180, 233], [240, 228, 66], [204, 121, 167]]) / 255


def pair_images(batch: Views) -> Views:
    """Return ``first`` and ``second`` (N, 3, H, W) in [0, 1]."""
    return {side: batch[side].float() / 255 for side in SIDES}


@torch.no_grad()
def check_full_resolution(encoder: Encoder, info: DataInfo) -> None:
    """Raise InputError unless the encoder's last map is as large as the images."""
    training = encoder.training
    image = torch.zeros(1, 3, info.size_px, info.size_px)
    height, width = list(encoder.eval().maps(image).values())[-1].shape[2:]
    encoder.train(training)
    if (height, width) != (info.size_px, info.size_px):
        raise InputError(
            f"encoder.backbone is {encoder.description.get('backbone')}, whose last map is {width} x {height} for "
            f"images of {info.size_px} px; descriptors need one position per pixel; take dense_conv or dense_resnet, and "
            "images whose size_px is a multiple of 8"
        )


def pair_panel(title: str, views: Views, marked: list[Tensor] | None = None) -> Panel:
    """Return a few pairs side by side; ``marked``: pixels of the first and of the second images (N, M), indices as of
    views/correspondences.py, and whether each is valid (N, M)."""
    first, second = (views[side].clone() for side in SIDES)
    if marked is not None:
        _mark_(first, marked[0], marked[2])
        _mark_(second, marked[1], marked[2])
    images = torch.stack([first, second], 1)[:SHOWN_PAIRS].flatten(0, 1)
    captions = [f"pair {pair + 1}, {side}" for pair in range(len(images) // 2) for side in SIDES]
    return Panel(title, images, captions)


def _mark_(images: Tensor, pixels: Tensor, valid: Tensor) -> None:
    """Paint a cross of 5 pixels on each valid pixel (N, M), in the colour of its index among the M."""
    height, width = images.shape[2:]
    number, mark = valid.nonzero().unbind(1)
    row, column = pixels[number, mark] % (height * width) // width, pixels[number, mark] % width
    for down, right in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = (row + down).clamp(0, height - 1), (column + right).clamp(0, width - 1)
        images[number, :, y, x] = MARKS.to(images.device)[mark % len(MARKS)]
