"""The maps in which pixels of two images are matched: an encoder's descriptors, its own features, plain colours."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.baselines.colour_patches import colour_patches
from selfsup.nn.encoder import Encoder

Maps = dict[str, tuple[Tensor, Tensor]]


@torch.no_grad()
def pair_maps(encoder: Encoder, first: Tensor, second: Tensor, *, patch_px: int, batch_size: int) -> Iterator[Maps]:
    """Yield for each pair of images uint8 (N, 3, H, W) both maps (D, h, w), by the name of what they are.

    ``descriptors`` are the encoder's last layer, compared as it is; ``maps`` the layer before it, where there is one, each
    place scaled to length 1, as image features are compared; ``colours`` the colours of ``patch_px`` x ``patch_px``
    pixels. At most ``batch_size`` pairs' maps are held.
    """
    last, *before = list(encoder.layers)[::-1]
    for start in range(0, len(first), batch_size):
        sides = [images[start : start + batch_size] for images in (first, second)]
        maps = [encoder.maps(images) for images in sides]
        for row in range(len(sides[0])):
            found = {"descriptors": tuple(of[last][row] for of in maps)}
            if before:
                found["maps"] = tuple(F.normalize(of[before[0]][row], dim=0) for of in maps)
            found["colours"] = tuple(colour_patches(images[row], patch_px) for images in sides)
            yield {name: (one, other) for name, (one, other) in found.items()}
