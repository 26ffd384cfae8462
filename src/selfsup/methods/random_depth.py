"""Random initialisation where the encoder sees depth beside colours: the floor for what is trained on both."""

from selfsup.methods.base import Method, Panel, Views
from selfsup.methods.random import Random

ROLE = "floor"


class RandomDepth(Random, Method):  # Method again, because planning reads parents from the syntax
    """An untrained encoder of images with depth; everything else as ``Random``.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    """

    modality = "image_depth"

    def panels(self, views: Views) -> list[Panel]:
        """Return images, and the depth of each as grey."""
        image, depth = views["image"][:4, :3], views["image"][:4, 3:].expand(-1, 3, -1, -1)
        none = [""] * len(image)
        return [Panel("Images, with nothing to answer", image, none), Panel("Their depth, near is dark", depth, none)]
