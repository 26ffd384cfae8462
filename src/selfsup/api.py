"""What a notebook needs: a method trained on a folder of images, and their embeddings. Nothing is imported before a call."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfsup.pipeline.embedding.embed import Embeddings

Location = str | PathLike[str]


def train(images: Location, method: str = "simclr", project: Location = "selfsup-project", size_px: int = 64) -> Path:
    """Return the folder of weights of ``method``, pretrained on a folder of images; ``load_encoder`` and ``embed`` take it.

    The folder ``project`` becomes a project (``selfsup init``) whose suite can be extended and run by snakemake; a second
    call repeats nothing. Labels are the names of sub-folders, where there are any. Raises InputError in one sentence.
    """
    from selfsup.pipeline.train import train as pretrain

    return pretrain(Path(images), method, Path(project), size_px)


def embed(weights: Location, files: Sequence[Location] | Location, layer: str | None = None) -> "Embeddings":
    """Return the features (N, D) of images of any size, with their file names; folders are searched for images."""
    from selfsup.pipeline.embedding.embed import embed as of_files

    listed = [files] if isinstance(files, str | PathLike) else files
    return of_files(Path(weights), [Path(file) for file in listed], layer)
