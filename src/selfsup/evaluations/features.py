"""Features: the pooled outputs of a frozen encoder for every example, one HDF5 file per split."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.datasets.prepared import has, read_split
from selfsup.errors import InputError
from selfsup.hdf5 import write_arrays
from selfsup.nn.encoder import Encoder, digest, load_encoder
from selfsup.nn.pooling import Pooling, Tokens, pool, pool_grid
from selfsup.views.waveforms import FRAMES_PER_SECOND, sounding

Vectors = Callable[[Tokens, Tensor], dict[str, Tensor]]  # of a layer and the batch that it is of
LABELS = ("label", "content", "speaker")
BESIDE = ("projection", "patches")  # encoders that a run may keep in folders of their names


class FrozenEncoderError(RuntimeError):
    """A weight or a BatchNorm buffer of a frozen encoder has changed."""


def extract(
    encoder_folder: Path,
    prepared: Path,
    target: Path,
    *,
    pooling: list[Pooling],
    grid_values: PositiveInt = 768,
    layers: list[str] | Literal["all"] = "all",
    batch_size: PositiveInt,
    frame_stride: PositiveInt = 8,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16"] = "float32",
) -> None:
    """Write ``target/{train,test}.h5``: a float32 data set ``<layer>.<pooling>`` (N, D) each, ``label`` and ``key``.

    ``<layer>.grid`` is float16. Class tokens, ``<layer>.class_token``, are written for all layers that have one, whatever
    ``pooling`` is. Sound has no grid, and adds ``<layer>.frames`` float16 (N, F', D), one of every ``frame_stride`` frames of
    10 ms, their indices ``frame`` (F',), ``content`` (N, F) and ``speaker`` (N,). Where the run has a projection head
    (``encoder_folder/projection``), ``projection.<pooling>`` is its output; where it has an encoder of patches (``patches``),
    ``<layer>.patches`` is the mean over the grid of patches. Attributes: ``encoder_digest`` and ``layers`` (JSON, without the
    projection).
    Raises FrozenEncoderError if a weight or buffer changes, InputError for a layer that the encoder does not have, or whose
    values float16 cannot hold.

    Args:
        pooling: how a map becomes a vector; each makes its own columns.
        grid_values: most values of a layer pooled to a grid.
        layers: names of layers, or all.
        batch_size: examples that pass through the encoder at once.
        frame_stride: of sound, one of this many frames is stored.
    """
    encoder = load_encoder(encoder_folder).to(device)
    names = list(encoder.layers) if layers == "all" else layers
    if unknown := set(names) - set(encoder.layers):
        raise InputError(
            f"key layers names {', '.join(sorted(unknown))}, but this encoder has {', '.join(encoder.layers)}"
        )
    folders = [encoder_folder / name for name in BESIDE if (encoder_folder / name).exists()]
    beside = {folder.name: load_encoder(folder).to(device) for folder in folders}
    target.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        encoder_digest, *_ = [stack.enter_context(frozen(source)) for source in (encoder, *beside.values())]
        for file in (f"{split}.h5" for split in ("train", "test")):
            labels = [label for label in LABELS if has(prepared / file, label)]
            split = read_split(prepared / file, [encoder.modality, *labels], with_depth=encoder.needs_depth)
            examples = split.arrays.pop(encoder.modality)
            columns: dict[str, np.ndarray] = {}
            vectors: Vectors = partial(_image_vectors, pooling=pooling, grid_values=grid_values)
            if encoder.modality == "waveform":
                columns["frame"] = frame_indices(examples.shape[1], split.rate_hz, frame_stride)
                vectors = partial(_sound_vectors, pooling=pooling, rate_hz=split.rate_hz, frames=columns["frame"])
            sources = [(encoder, names, vectors)]
            if "projection" in beside:
                sources.append((beside["projection"], ["projection"], vectors))
            if "patches" in beside:
                sources.append((beside["patches"], names, _mean_over_patches))
            for source in sources:
                columns |= _columns(*source, examples, batch_size, device, precision)
            columns |= split.arrays | {"key": split.key}
            write_arrays(target / file, columns, encoder_digest=encoder_digest, layers=json.dumps(names))


@contextmanager
def frozen(encoder: nn.Module) -> Iterator[str]:
    """Yield the encoder's digest, and raise FrozenEncoderError if it is different at the end."""
    before = digest(encoder)
    yield before
    after = digest(encoder)
    if after != before:
        raise FrozenEncoderError(f"the frozen encoder changed: digest {before[:12]} before, {after[:12]} after")


@torch.no_grad()
def _columns(
    encoder: Encoder,
    layers: list[str],
    vectors: Vectors,
    examples: np.ndarray,
    batch_size: int,
    device: str,
    precision: str,
) -> dict[str, np.ndarray]:
    """Return {layer.name: (N, ...)}, where ``vectors`` of a layer and a batch are {name: (n, ...)}."""
    columns: dict[str, np.ndarray] = {}
    for start in range(0, len(examples), batch_size):
        rows = slice(start, start + batch_size)
        batch = torch.from_numpy(examples[rows]).to(device)
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            tokens = encoder.tokens(batch)
        for layer in layers:
            for name, vector in vectors(tokens[layer].float(), batch).items():
                values = vector.cpu().numpy()
                if not np.isfinite(values).all():
                    raise InputError(_not_finite(layer, name, values.dtype))
                if (column := f"{layer}.{name}") not in columns:
                    columns[column] = np.empty((len(examples), *values.shape[1:]), values.dtype)
                columns[column][rows] = values
    return columns


def _not_finite(layer: str, name: str, dtype: np.dtype) -> str:
    if dtype == np.float16:
        return f"key layers has {layer}, whose {name} has values that {dtype} cannot hold; leave it out"
    return f"layer {layer} is not finite for some example, so its run diverged; lower optimiser.learning_rate in its recipe"


def _image_vectors(layer: Tokens, images: Tensor, *, pooling: list[Pooling], grid_values: int) -> dict[str, Tensor]:
    pooled: dict[str, Tensor] = {name: pool(layer, name) for name in pooling if name in ("mean", "max")}
    if "grid" in pooling:
        pooled["grid"] = pool_grid(layer, grid_values).half()  # as exact as a probe can use, in half of the space
    return pooled if layer.class_token is None else pooled | {"class_token": layer.class_token}


def _mean_over_patches(layer: Tokens, images: Tensor) -> dict[str, Tensor]:
    return {"patches": pool(layer, "mean")}


def frame_indices(samples: int, rate_hz: int, stride: int) -> np.ndarray:
    """Return the indices (F',) of the middle one of every ``stride`` frames."""
    return np.arange(stride // 2, samples * FRAMES_PER_SECOND // rate_hz, stride)


def _sound_vectors(
    layer: Tokens, waveforms: Tensor, *, pooling: list[Pooling], rate_hz: int, frames: np.ndarray
) -> dict[str, Tensor]:
    """Return ``frames`` (N, F', D) float16 and the pooled vectors (N, D) of a layer of waveforms int16 (N, S).

    Several positions per frame are averaged. Pooling leaves out the silence that pads an utterance.
    """
    by_frame, total = layer.map, waveforms.shape[1] * FRAMES_PER_SECOND // rate_hz
    if by_frame.shape[2] != total:
        by_frame = F.adaptive_avg_pool1d(by_frame, total)
    lengths = sounding(waveforms) * FRAMES_PER_SECOND // rate_hz
    pooled: dict[str, Tensor] = {
        name: _pooled_frames(by_frame, lengths, name) for name in pooling if name in ("mean", "max")
    }
    return {"frames": by_frame[:, :, frames].transpose(1, 2).half(), **pooled}


def _pooled_frames(frames: Tensor, lengths: Tensor, pooling: str) -> Tensor:
    """Return (N, D) of frames (N, D, F), over the first ``lengths`` (N,) of each, at least over one."""
    lengths = lengths.clamp(min=1)
    padding = (torch.arange(frames.shape[2], device=frames.device) >= lengths[:, None])[:, None]
    if pooling == "max":
        return frames.masked_fill(padding, -torch.inf).amax(2)
    return frames.masked_fill(padding, 0).sum(2) / lengths[:, None]
