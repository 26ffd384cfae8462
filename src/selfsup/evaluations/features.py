"""Features: what a frozen encoder says of every image, one HDF5 file per split, and the proof that it was frozen."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read_split
from selfsup.errors import InputError
from selfsup.evaluations.reading.sound_features import kept_frames, sound_columns
from selfsup.hdf5 import write_arrays
from selfsup.nn.encoder import Encoder, digest, load_encoder
from selfsup.nn.pooling import Pooling, pool
from selfsup.nn.tokens import Tokens

LABELS = ("label", "content", "speaker")


class FrozenEncoderError(RuntimeError):
    """An encoder that was to be frozen has changed: a weight, or a BatchNorm buffer."""


def extract(
    encoder_folder: Path,
    prepared: Path,
    target: Path,
    *,
    pooling: list[Pooling],
    layers: list[str] | Literal["all"] = "all",
    batch_size: PositiveInt,
    frame_stride: PositiveInt = 8,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16"] = "float32",
) -> None:
    """Write ``target/{train,test}.h5``: a float32 data set ``<layer>.<pooling>`` (N, D) each, ``label`` and ``key``.

    Class tokens are kept where layers have one, ``<layer>.class_token``, whether ``pooling`` names them or not.
    Of sound also ``<layer>.frames`` float16 (N, F', D), one of every ``frame_stride`` frames of 10 ms, ``frame`` (F',),
    which these are, ``content`` (N, F) and ``speaker`` (N,).
    Where the run kept its projection head too (``encoder_folder/projection``), ``projection.<pooling>`` is g(h).
    Attributes: ``encoder_digest`` and ``layers`` (JSON, the encoder's own, first to last). Raises FrozenEncoderError
    unless every weight and buffer is the same after as before, InputError for a layer that the encoder does not have.

    Args:
        pooling: how a map becomes a vector; each gives its own columns.
        layers: layers that are read, by name, or all.
        batch_size: examples that pass through the encoder at once.
        frame_stride: of sound, one frame of so many is kept.
    """
    encoder = load_encoder(encoder_folder).to(device)
    wanted = list(encoder.layers) if layers == "all" else layers
    if unknown := set(wanted) - set(encoder.layers):
        raise InputError(
            f"key layers names {', '.join(sorted(unknown))}, but this encoder has {', '.join(encoder.layers)}"
        )
    sources = [(encoder, wanted)]
    if (encoder_folder / "projection").exists():
        projected = load_encoder(encoder_folder / "projection").to(device)
        sources.append((projected, list(projected.layers)))
    target.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        proof, *_ = [stack.enter_context(frozen(source)) for source, _ in sources]
        for name in ("train", "test"):
            labels = [label for label in LABELS if has(prepared / f"{name}.h5", label)]
            split = read_split(prepared / f"{name}.h5", [encoder.modality, *labels], with_depth=encoder.needs_depth)
            shown = split.arrays.pop(encoder.modality)
            columns: dict[str, np.ndarray] = {}
            take: Callable[..., dict[str, np.ndarray]] = _columns
            if encoder.modality == "waveform":
                columns["frame"] = kept_frames(shown.shape[1], split.rate_hz, frame_stride)
                take = partial(sound_columns, rate_hz=split.rate_hz, kept=columns["frame"])
            for source, of_source in sources:
                columns |= take(source, shown, of_source, pooling, batch_size, device, precision)
            kept = columns | split.arrays | {"key": split.key}
            write_arrays(target / f"{name}.h5", kept, encoder_digest=proof, layers=json.dumps(wanted))


@contextmanager
def frozen(encoder: Encoder) -> Iterator[str]:
    """Hand out the encoder's digest, and raise FrozenEncoderError if it is another at the end."""
    before = digest(encoder)
    yield before
    after = digest(encoder)
    if after != before:
        raise FrozenEncoderError(
            f"the encoder changed while its features were taken: digest {before[:12]} before, {after[:12]} after"
        )


@torch.no_grad()
def _columns(
    encoder: Encoder,
    images: np.ndarray,
    layers: list[str],
    pooling: list[Pooling],
    batch_size: int,
    device: str,
    precision: str,
) -> dict[str, np.ndarray]:
    """Return {layer.pooling: (N, D) float32} of images uint8 (N, 3, H, W)."""
    columns: dict[str, np.ndarray] = {}
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16"):
            tokens = encoder.tokens(torch.from_numpy(images[rows]).to(device))
        for layer in layers:
            for name, pooled in _pooled(tokens[layer].float(), pooling).items():
                if (column := f"{layer}.{name}") not in columns:
                    columns[column] = np.empty((len(images), pooled.shape[1]), np.float32)
                columns[column][rows] = pooled.cpu().numpy()
    return columns


def _pooled(layer: Tokens, pooling: list[Pooling]) -> dict[str, Tensor]:
    of_patches: dict[str, Tensor] = {name: pool(layer, name) for name in pooling if name != "class_token"}
    return of_patches if layer.class_token is None else of_patches | {"class_token": layer.class_token}
