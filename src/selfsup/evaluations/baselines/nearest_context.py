"""Nearest-neighbour inpainting: a hole is filled from the image whose visible part is most alike."""

import numpy as np
import torch
from torch import Tensor

from selfsup.evaluations.baselines.colour_histogram import colour_histogram
from selfsup.evaluations.tracking.cosine import cosine_similarity
from selfsup.nn.encoder import Encoder


def nearest_fill(original: Tensor, mask: Tensor, candidates: Tensor, queried: Tensor, offered: Tensor) -> Tensor:
    """Return original (M, 3, H, W), its holes, mask (M, H, W), filled with the same region of the nearest candidate.

    ``queried`` (M, D) describes the visible part of each image, ``offered`` (K, D) that of candidates (K, 3, H, W);
    the nearest is that of the greatest cosine.

    Source: Hays and Efros 2007; Pathak et al. 2016 (Context encoders), section 5.1 and table 1.
    Differs: one whole training image, unblended, where Hays and Efros align and blend several.
    """
    nearest = cosine_similarity(queried, offered).argmax(1)
    return torch.where(mask[:, None], candidates[nearest], original)


@torch.no_grad()
def last_maps(encoder: Encoder, images: Tensor, batch_size: int) -> Tensor:
    """Return (N, D) of images uint8 (N, 3, H, W): an encoder's last map, flattened, which keeps what is where."""
    batches = images.split(batch_size)
    return torch.cat([list(encoder.maps(batch).values())[-1].flatten(1) for batch in batches]).cpu()


def hog(images: Tensor, cell_px: int) -> Tensor:
    """Return (N, D) float64 of images uint8 (N, 3, H, W): oriented gradients of 9 directions, blocks of 2 x 2 cells.

    Source: Dalal and Triggs 2005.
    """
    from skimage.feature import hog as of_image  # here: no other evaluation needs scikit-image

    cells = {"orientations": 9, "pixels_per_cell": (cell_px, cell_px), "cells_per_block": (2, 2)}
    return torch.from_numpy(np.stack([of_image(image, channel_axis=0, **cells) for image in images.cpu().numpy()]))


def context_histogram(images: Tensor, mask: Tensor) -> Tensor:
    """Return (N, 64): the colour histogram of what is visible, outside of mask (N, H, W), of uint8 (N, 3, H, W)."""
    visible = (image[:, ~hole].view(1, 3, -1, 1) for image, hole in zip(images, mask, strict=True))
    return torch.cat([colour_histogram(pixels) for pixels in visible])
