"""The maps of a frozen encoder's layers, batch by batch."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.nn.encoder import Encoder


@torch.no_grad()
def layer_maps(encoder: Encoder, images: Tensor, *, batch_size: int, device: str) -> Iterator[dict[str, Tensor]]:
    """Yield {layer: map (n, D, h, w) float32} of images uint8 (N, 3, H, W), on the ``device`` of the encoder."""
    for batch in images.split(batch_size):
        yield {layer: tokens.float().map for layer, tokens in encoder.tokens(batch.to(device)).items()}


def at_most(maps: Tensor, side: int) -> Tensor:
    """Return maps (N, D, h, w) averaged to at most ``side`` rows and columns."""
    height, width = (min(size, side) for size in maps.shape[2:])
    return F.adaptive_avg_pool2d(maps, (height, width))


def at_pixels(maps: Tensor, pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, P, D): maps (N, D, h, w), enlarged bilinearly to an image of ``size`` H, W, at pixels (N, P), row by row."""
    height, width = size
    centre = torch.stack([pixels % width, pixels // width], -1) + 0.5
    relative = centre / torch.tensor([width, height], device=centre.device) * 2 - 1
    sampled = F.grid_sample(maps, relative[:, None].to(maps), padding_mode="border", align_corners=False)
    return sampled[:, :, 0].transpose(1, 2)


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return maps (N, D, h, w) enlarged bilinearly to (N, D, H, W)."""
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)
