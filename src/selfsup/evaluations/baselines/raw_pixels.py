"""Descriptors of raw pixels, without training: colour histograms, HOG, patches of colours and of lightness."""

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.nn.backbones.hog import block_histograms
from selfsup.nn.inputs import preprocess

LEVELS = 4
CHUNK = 500  # images whose votes of 64 px, a map for each orientation, fit into 80 MB


def colour_histogram(images: Tensor) -> Tensor:
    """Return (N, 64) float32: the share of pixels in each of 4 x 4 x 4 cells of RGB, of the first three channels of images
    uint8 (N, C, H, W)."""
    red, green, blue = (images.long() * LEVELS // 256)[:, :3].unbind(1)
    cell = ((red * LEVELS + green) * LEVELS + blue).flatten(1)
    counts = torch.zeros(len(images), LEVELS**3, device=images.device)
    counts.scatter_add_(1, cell, torch.ones_like(cell, dtype=counts.dtype))
    return counts / cell.shape[1]


def context_histogram(images: Tensor, mask: Tensor) -> Tensor:
    """Return (N, 64): the colour histogram of the pixels outside of mask (N, H, W), of images uint8 (N, 3, H, W)."""
    visible = (image[:, ~hole].view(1, 3, -1, 1) for image, hole in zip(images, mask, strict=True))
    return torch.cat([colour_histogram(pixels) for pixels in visible])


def hog(images: Tensor, cell_px: int) -> Tensor:
    """Return (N, D) of images uint8 (N, 3, H, W): oriented gradients of 9 directions, blocks of 2 x 2 cells.

    Source: Dalal and Triggs 2005.
    """
    return torch.cat([block_histograms(chunk, cell_px).movedim(1, -1).flatten(1) for chunk in images.split(CHUNK)])


def colour_patches(image: Tensor, patch_px: int) -> Tensor:
    """Return a map (3 ``patch_px`` ^ 2, H, W) in [0, 1] of an image uint8 (3, H, W): the colours around each pixel, the
    border padded by replication."""
    before, after = (patch_px - 1) // 2, patch_px // 2
    padded = F.pad(image[None].float() / 255, (before, after, before, after), mode="replicate")
    return F.unfold(padded, patch_px).view(-1, *image.shape[1:])


def grey_patches(images: Tensor, *, stride: int, patch_px: int) -> Tensor:
    """Return unit vectors (N, D, H', W'): the lightness of ``patch_px`` x ``patch_px`` pixels around each cell of
    ``stride`` x ``stride`` pixels of images uint8 (N, 3, H, W); the border is padded by replication."""
    lightness = preprocess(images, "lightness")
    height, width = lightness.shape[2:]
    grid = (-(-height // stride), -(-width // stride))
    before = (patch_px - stride) // 2
    after = patch_px - stride - before
    margin = (before, after + grid[1] * stride - width, before, after + grid[0] * stride - height)
    patches = F.unfold(F.pad(lightness, margin, mode="replicate"), patch_px, stride=stride)
    return F.normalize(patches.unflatten(2, grid), dim=1)
