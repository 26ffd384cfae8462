"""Pictures of matches: pairs of images, their descriptors painted as colours, a few queries with their answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.hdf5 import write_arrays

SHOWN_MATCHES = 4


@dataclass(frozen=True)
class Picture:
    """One pair: images uint8 (3, H, W), maps of descriptors (D, h, w), and queries, truths and answers (Q, 2), x y."""

    first: Tensor
    second: Tensor
    first_map: Tensor
    second_map: Tensor
    query: Tensor
    truth: Tensor
    found: Tensor


def write_pictures(file: Path, pictures: list[Picture], curves: dict[str, np.ndarray]) -> None:
    """Write what the report draws: ``first``, ``second`` and their ``_descriptors`` uint8 (P, 3, H, W), ``query``, ``truth``
    and ``found`` float32 (P, 4, 2), NaN where a pair has fewer, and ``errors/<name>`` of
    what was compared: 201 quantiles each, percent of the diagonal."""
    shown = {name: torch.stack([getattr(p, name) for p in pictures]) for name in ("first", "second")}
    maps = [m for p in pictures for m in (p.first_map, p.second_map)]
    colours = painted([F.interpolate(m[None], shown["first"].shape[2:], mode="bilinear")[0] for m in maps])
    columns = {name: images.numpy() for name, images in shown.items()}
    columns |= {"first_descriptors": colours[::2].numpy(), "second_descriptors": colours[1::2].numpy()}
    for name in ("query", "truth", "found"):
        columns[name] = np.stack([_first(getattr(p, name)) for p in pictures])
    columns |= {f"errors/{name}": curve for name, curve in curves.items()}
    write_arrays(file, dict(sorted(columns.items())))


def painted(maps: list[Tensor]) -> Tensor:
    """Return maps (D, H, W) as colours uint8 (P, 3, H, W), by one law for all: equal descriptors, equal colours.

    Three dimensions are red, green and blue as they are; of more, the three principal components, fewer are filled up
    with grey. Each is stretched so that all but its lowest and highest 2 % span the range.
    """
    values = torch.stack(maps).movedim(1, -1).double()
    if values.shape[-1] > 3:
        values = (values - values.mean((0, 1, 2))) @ _principal(values.flatten(0, 2))
    low, high = (values.flatten(0, 2).quantile(share, 0) for share in (0.02, 0.98))
    scaled = ((values - low) / (high - low).clamp(min=1e-12)).clamp(0, 1)
    filled = F.pad(scaled, (0, 3 - scaled.shape[-1]), value=0.5)
    return (filled * 255).round().to(torch.uint8).movedim(-1, 1)


def _principal(rows: Tensor) -> Tensor:
    """Return the three directions (D, 3) of most variance of rows (M, D), each with its largest entry positive."""
    _, vectors = torch.linalg.eigh(rows.T.cov())
    first = vectors[:, -3:].flip(1)
    return first * first.gather(0, first.abs().argmax(0, keepdim=True)).sign()


def _first(places: Tensor) -> np.ndarray:
    """Return the first SHOWN_MATCHES places, filled up with NaN."""
    shown = np.full((SHOWN_MATCHES, 2), np.nan, np.float32)
    shown[: len(places)] = places[:SHOWN_MATCHES].numpy()
    return shown
