"""What every evaluation is given."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Inputs:
    """Folders of the artefacts that an evaluation may read, and the run's seed.

    ``prepared`` holds ``{train,test}.h5``, ``run`` the frozen encoder, ``features`` its ``{train,test}.h5``,
    ``predictions`` the method's own answers on held-out images (``pretext.h5``, ``predictions.h5``). What an
    evaluation writes to ``pictures / "pictures.h5"`` is kept beside its results, for the report.
    """

    prepared: Path
    run: Path
    features: Path
    seed: int
    predictions: Path = Path()
    device: str = "cpu"
    pictures: Path = Path()
