"""Random initialisation of a network of dense descriptors: the floor for correspondences."""

import torch

from selfsup.methods._image_pairs import check_full_resolution, pair_images, pair_panel
from selfsup.methods.base import DataInfo, Draws, Method, Panel, Views
from selfsup.methods.random import Random
from selfsup.nn.encoder import Encoder

ROLE = "floor"


class RandomDense(Random, Method):  # Method again, because planning reads parents from the syntax
    """An untrained network of descriptors; everything else as ``Random``, with both images of a pair.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    """

    modality = "image_pair"

    def __init__(self, encoder: Encoder, info: DataInfo) -> None:
        super().__init__(encoder, info)
        check_full_resolution(encoder, info)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``first`` and ``second`` (N, 3, H, W) in [0, 1], and ``image`` (2N, 3, H, W), one after the other."""
        sides = pair_images(batch)
        return sides | {"image": torch.cat(list(sides.values()))}

    def panels(self, views: Views) -> list[Panel]:
        """Return a few pairs."""
        return [pair_panel("Pairs, with nothing to answer", views)]
