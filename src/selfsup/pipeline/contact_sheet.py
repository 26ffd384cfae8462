"""A contact sheet: a row of small pictures for each of several results, below their titles."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

Pictures = dict[str, Image.Image]
MAX_ROWS = 24
SIDE_PX, GAP_PX, LINE_PX = 256, 8, 18


def shown(count: int) -> set[int]:
    """Return the numbers of at most MAX_ROWS of ``count`` results, evenly spaced."""
    return {round(number) for number in np.linspace(0, count - 1, min(count, MAX_ROWS))}


def picture(pixels: Tensor) -> Image.Image:
    """Return an image (1, 3, H, W) in [0, 1] with 8 bits."""
    return Image.fromarray((pixels[0].clamp(0, 1) * 255).round().byte().movedim(0, -1).numpy())


def pixels(image: Image.Image) -> Tensor:
    """Return an RGB image as (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(image)).movedim(-1, 0)[None].float() / 255


def write_sheet(file: Path, rows: list[tuple[str, Pictures]]) -> None:
    """Write the pictures of each row, scaled to one size, with the row's name below and their titles above."""
    small = [(name, [_scaled(image) for image in pictures.values()]) for name, pictures in rows]
    width = max(image.width for _, images in small for image in images) + GAP_PX
    heights = [max(image.height for image in images) + LINE_PX + GAP_PX for _, images in small]
    titles = list(rows[0][1])
    sheet = Image.new("RGB", (width * len(titles) + GAP_PX, sum(heights) + LINE_PX + GAP_PX), "white")
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles):
        draw.text((GAP_PX + column * width, GAP_PX // 2), title, "black")
    top = LINE_PX + GAP_PX
    for (name, images), height in zip(small, heights, strict=True):
        for column, image in enumerate(images):
            sheet.paste(image, (GAP_PX + column * width, top))
        draw.text((GAP_PX, top + height - LINE_PX - GAP_PX + 2), name, "dimgrey")
        top += height
    sheet.save(file)


def _scaled(image: Image.Image) -> Image.Image:
    """Return an image whose longer side is SIDE_PX; the pixels of a smaller one stay visible."""
    scale = SIDE_PX / max(image.size)
    resampling = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    return image.resize([max(1, round(side * scale)) for side in image.size], resampling)
