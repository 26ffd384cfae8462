"""Random initialisation where the encoder sees frames of clips: the floor for what is trained on video."""

from selfsup.methods.base import Draws, Method, Panel, Views
from selfsup.methods.random import Random

ROLE = "floor"


class RandomVideo(Random, Method):  # Method again, because planning reads parents from the syntax
    """An untrained encoder of frames; everything else as ``Random``.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    """

    modality = "clip"

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (N T, 3, H, W) in [0, 1], the frames of all clips, untouched."""
        return {"image": batch["clip"].flatten(0, 1).float() / 255}

    def panels(self, views: Views) -> list[Panel]:
        """Return the first frames."""
        images = views["image"][:8]
        return [Panel("Frames of a clip, with nothing to answer", images, [""] * len(images))]
