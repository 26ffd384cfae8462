"""Embeds a user's images with a run's encoder: any format and size, scaled as in pretraining, each row with its file."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError

from selfsup.datasets.content.decoding import cover_square, decode
from selfsup.datasets.content.walk import files_below, tell
from selfsup.errors import InputError, listed
from selfsup.hdf5 import write_arrays
from selfsup.nn.encoder import Encoder, load_encoder
from selfsup.nn.pooling import pool
from selfsup.progress import Progress

BATCH = 64


@dataclass(frozen=True)
class Embeddings:
    """``features`` float32 (N, D) of N image files; ``encoder`` is the digest of what computed them."""

    files: list[str]
    features: np.ndarray
    encoder: str


def embed(
    weights: Path | str, places: list[Path], layer: str | None = None, progress: Progress | None = None
) -> Embeddings:
    """Return the features of image files, and of those below folders, in the order of their names; on the CPU.

    ``weights`` is the folder of a run. By default the encoder's own features; of another ``layer`` the mean over its map.
    Raises InputError where the encoder is of no images, has no such layer, or files cannot be read: all of them are named.
    """
    encoder, size_px, digest = _encoder(Path(weights))
    if layer is not None and layer not in encoder.layers:
        raise InputError(f"--layer: this encoder has no {layer}; its layers are {', '.join(encoder.layers)}")
    files = image_files(places)
    progress = progress or Progress("embed")
    rows, problems = [], list[str]()
    for number in progress.steps(0, -(-len(files) // BATCH), "batch", BATCH, {}):
        batch = files[number * BATCH : (number + 1) * BATCH]
        images = [image for file in batch if (image := _read(file, size_px, problems)) is not None]
        if images and not problems:
            rows.append(_features(encoder, torch.from_numpy(np.stack(images)), layer))
    if problems:
        raise InputError(listed(problems))
    return Embeddings([str(file) for file in files], np.concatenate(rows), digest)


def _encoder(weights: Path) -> tuple[Encoder, int, str]:
    if not (weights / "encoder.json").is_file():
        raise InputError(
            f"{weights} has no encoder.json; name a run's folder, which `selfsup where RUN weights` prints"
        )
    facts = json.loads((weights / "encoder.json").read_text(encoding="utf-8"))
    try:
        encoder = load_encoder(weights)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise InputError(
            f"{weights} is damaged ({str(error).splitlines()[0]}); `selfsup verify` says what is"
        ) from error
    if encoder.modality != "image" or encoder.needs_depth or not facts.get("size_px"):
        raise InputError(f"{weights} encodes {encoder.input}, and cannot embed image files; name a run on images")
    return encoder, facts["size_px"], facts["digest"]


def image_files(places: list[Path]) -> list[Path]:
    """Return image files and those below folders, each once; InputError where there are none, or one is missing."""
    suffixes, skipped, found = set(Image.registered_extensions()), Counter[str](), dict[Path, None]()
    for place in places:
        if not place.exists():
            raise InputError(f"{place} is missing; name image files, or folders of them")
        found |= dict.fromkeys(files_below(place, suffixes, skipped) if place.is_dir() else [place])
        tell(place, skipped)
        skipped.clear()
    if not found:
        raise InputError(f"{', '.join(map(str, places))} holds no image; name image files, or folders of them")
    return list(found)


def _read(file: Path, size_px: int, problems: list[str]) -> np.ndarray | None:
    try:
        return cover_square(decode(file), size_px, str(file))
    except InputError as error:
        problems.append(str(error))
        return None


@torch.no_grad()
def _features(encoder: Encoder, images: torch.Tensor, layer: str | None) -> np.ndarray:
    features = encoder(images) if layer is None else pool(encoder.tokens(images)[layer], "mean")
    return features.float().numpy()


def write(embeddings: Embeddings, out: Path) -> None:
    """Write embeddings as HDF5 (``features``, ``file``), or where the name ends in .csv as a table with a row per file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".csv":
        columns = ",".join(["file", *(f"f{n}" for n in range(embeddings.features.shape[1]))])
        lines = [columns, *_csv(embeddings)]
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif out.suffix == ".h5":
        names = np.array([file.encode() for file in embeddings.files])
        write_arrays(out, {"features": embeddings.features, "file": names}, encoder_digest=embeddings.encoder)
    else:
        raise InputError(f"--out: {out} is neither .h5 nor .csv; choose one of these formats")


def _csv(embeddings: Embeddings) -> Iterator[str]:
    for file, row in zip(embeddings.files, embeddings.features, strict=True):
        quoted = '"' + file.replace('"', '""') + '"'
        yield ",".join([quoted, *(f"{value:.8g}" for value in row)])


def read(file: Path) -> Embeddings:
    """Return embeddings that ``write`` has written as HDF5."""
    try:
        with h5py.File(file, "r") as opened:
            names = [name.decode() for name in opened["file"][()]]
            return Embeddings(names, opened["features"][()], str(opened.attrs["encoder_digest"]))
    except (OSError, KeyError) as error:
        raise InputError(
            f"{file} holds no embeddings ({error}); `selfsup embed RUN FILES --out {file}` writes them"
        ) from None
