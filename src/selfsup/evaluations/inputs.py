"""The inputs of every evaluation."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The run's seed and the folders of the artefacts in the evaluation's ``NEEDS``.

    ``target`` has the ``{train,test}.h5`` of the data set that is scored on, ``weights`` the frozen encoder, ``features``
    its ``{train,test}.h5``, ``predictions`` those of the method on held-out images (``pretext.h5``, ``predictions.h5``).
    An evaluation may write ``pictures / "pictures.h5"``, which is stored beside its measures.
    """

    seed: int
    target: Path = Path()
    weights: Path = Path()
    features: Path = Path()
    predictions: Path = Path()
    device: str = "cpu"
    pictures: Path = Path()
