"""What every evaluation is given."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Folders of the artefacts that the evaluation's ``NEEDS`` name, and the run's seed.

    ``target`` holds the ``{train,test}.h5`` of the data set that is scored on, ``weights`` the frozen encoder, ``features``
    its ``{train,test}.h5``, ``predictions`` the method's own answers on held-out images (``pretext.h5``,
    ``predictions.h5``). ``pictures / "pictures.h5"``, where an evaluation writes it, is stored beside its measures.
    """

    seed: int
    target: Path = Path()
    weights: Path = Path()
    features: Path = Path()
    predictions: Path = Path()
    device: str = "cpu"
    pictures: Path = Path()
