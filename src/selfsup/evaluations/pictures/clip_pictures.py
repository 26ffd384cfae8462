"""Pictures of tracks for the report: a few clips, small, with the true and each tracker's masks and keypoints."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.reading.clip_file import ClipBatch
from selfsup.hdf5 import write_arrays

CLIPS, MOST_FRAMES, MOST_PX = 3, 16, 128


def write_pictures(file: Path, truth: ClipBatch, tracks: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Write the first clips of a batch, large ones with fewer pixels and frames; tracks start at the second frame.

    ``frames`` uint8 (n, T, 3, H, W), ``length`` (n,), and for ``true`` and each tracker, by its name or ``method``,
    ``<name>/mask`` uint8 (n, T, H, W) and ``<name>/keypoint`` (n, T, P, 2), x y pixels, NaN where it is
    not seen, for trackers also where the first frame does not show it.
    """
    frames, step = truth.clip.shape[1], -(-max(truth.clip.shape[-2:]) // MOST_PX)
    shown = torch.arange(0, frames, -(-frames // MOST_FRAMES))
    small = F.avg_pool2d(truth.clip[:CLIPS, shown].flatten(0, 1).float(), step).round().byte()
    arrays = {
        "frames": small.unflatten(0, (-1, len(shown))),
        "length": (shown[None] < truth.length[:CLIPS, None]).sum(1),
    }
    hidden = truth.keypoint[:CLIPS].isnan()
    unknown = hidden | hidden[:, :1]
    for name, (mask, keypoint) in {"true": (truth.mask[:, 1:], truth.keypoint[:, 1:]), **tracks}.items():
        masks = torch.cat([truth.mask[:, :1], mask], 1)[:CLIPS, shown, step // 2 :: step, step // 2 :: step]
        points = torch.cat([truth.keypoint[:, :1], keypoint], 1)[:CLIPS]
        points = points.masked_fill(hidden if name == "true" else unknown, torch.nan)[:, shown] / step
        group = name or "method"
        arrays |= {f"{group}/mask": masks[..., : small.shape[2], : small.shape[3]], f"{group}/keypoint": points}
    write_arrays(file, {name: values.numpy() for name, values in arrays.items()})
