"""What an encoder says of sound: of every few frames of 10 ms, and of a whole utterance."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.nn.encoder import Encoder
from selfsup.nn.pooling import Pooling
from selfsup.views.waveforms import FRAMES_PER_SECOND, sounding


def kept_frames(samples: int, rate_hz: int, stride: int) -> np.ndarray:
    """Return which frames (F',) of an utterance are kept: the middle one of every ``stride``."""
    return np.arange(stride // 2, samples * FRAMES_PER_SECOND // rate_hz, stride)


@torch.no_grad()
def sound_columns(
    encoder: Encoder,
    waveforms: np.ndarray,
    layers: list[str],
    pooling: list[Pooling],
    batch_size: int,
    device: str,
    precision: str,
    *,
    rate_hz: int,
    kept: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return {layer.frames: (N, F', D) float16, of the frames ``kept``, layer.pooling: (N, D) float32}.

    ``waveforms`` int16 (N, S). A layer with several places in a frame is averaged over them. An utterance is pooled over
    its own frames, not over the silence that fills it up.
    """
    parts = []
    for start in range(0, len(waveforms), batch_size):
        heard = torch.from_numpy(waveforms[start : start + batch_size]).to(device)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16"):
            maps = encoder.maps(heard)
        parts.append(_batch_columns(maps, heard, layers, pooling, rate_hz, kept))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _batch_columns(
    maps: dict[str, Tensor],
    heard: Tensor,
    layers: list[str],
    pooling: list[Pooling],
    rate_hz: int,
    kept: np.ndarray,
) -> dict[str, np.ndarray]:
    count = sounding(heard) * FRAMES_PER_SECOND // rate_hz
    columns = {}
    for layer in layers:
        frames = _by_frame(maps[layer].float(), heard.shape[1] * FRAMES_PER_SECOND // rate_hz)
        columns[f"{layer}.frames"] = frames[:, :, kept].transpose(1, 2).half().cpu().numpy()
        columns |= {
            f"{layer}.{pool}": _pooled(frames, count, pool).cpu().numpy() for pool in pooling if pool != "class_token"
        }
    return columns


def _by_frame(maps: Tensor, frames: int) -> Tensor:
    """Return (N, D, F) of a map (N, D, T), whose T places are several, or one, to a frame."""
    return maps if maps.shape[2] == frames else F.adaptive_avg_pool1d(maps, frames)


def _pooled(frames: Tensor, count: Tensor, pool: str) -> Tensor:
    """Return (N, D) of frames (N, D, F), over the first ``count`` (N,) of each, over one at least."""
    count = count.clamp(min=1)
    silent = (torch.arange(frames.shape[2], device=frames.device) >= count[:, None])[:, None]
    if pool == "max":
        return frames.masked_fill(silent, -torch.inf).amax(2)
    return frames.masked_fill(silent, 0).sum(2) / count[:, None]
