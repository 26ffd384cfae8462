"""The scores of tracks over a whole test set: J and F of each object, distances of each keypoint."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.metrics.mask_scores import contour_accuracy, region_similarity
from selfsup.evaluations.reading.clip_file import ClipBatch
from selfsup.results import Measure

RECALLED = 0.5


@dataclass
class TrackScores:
    """What one tracker scored: J and F of the frames of each object's track, and of each keypoint's distances those
    that were seen in the first frame and are seen now, in units of its clip's object."""

    region: list[Tensor] = field(default_factory=list)
    contour: list[Tensor] = field(default_factory=list)
    distance: list[Tensor] = field(default_factory=list)

    def add(self, truth: ClipBatch, mask: Tensor, keypoint: Tensor) -> None:
        """Score tracks of a batch: mask uint8 (N, T - 1, H, W) and keypoint (N, T - 1, P, 2) from the second frame on.

        Masks count in all frames but the first and the last, as in DAVIS, of the objects that the first frame shows;
        keypoints in all but the first.
        """
        unit_px = object_px(truth)
        for n, length in enumerate(truth.length.tolist()):
            true = truth.mask[n, 1 : length - 1]
            for number in torch.unique(truth.mask[n, 0]).tolist():
                if number:
                    pair = (mask[n, : length - 2] == number, true == number)
                    self.region.append(region_similarity(*pair))
                    self.contour.append(contour_accuracy(*pair))
            off_px = (keypoint[n, : length - 1] - truth.keypoint[n, 1:length]).norm(dim=-1)
            seen = ~(off_px + truth.keypoint[n, 0].sum(-1)).isnan()
            self.distance.append(off_px[seen] / unit_px[n])

    def measures(self, pck_thresholds: list[float], baseline: str = "") -> list[Measure]:
        """Return ``j_mean``, ``j_recall``, ``f_mean`` and, at each threshold, ``pck``, in percent, where they apply."""
        found = []
        if self.region:
            found = [
                _mean("j_mean", [track.mean() for track in self.region], baseline=baseline),
                _mean("j_recall", [(track > RECALLED).float().mean() for track in self.region], baseline=baseline),
                _mean("f_mean", [track.mean() for track in self.contour], baseline=baseline),
            ]
        if clips := [clip for clip in self.distance if len(clip)]:
            found += [
                _mean("pck", [(c <= t).float().mean() for c in clips], baseline=baseline, at=t) for t in pck_thresholds
            ]
        return found


def object_px(truth: ClipBatch) -> Tensor:
    """Return the longer side (N,) of the box around object 1 in the first frame, of the keypoints where it has no mask."""
    sides = []
    for mask, point in zip(truth.mask[:, 0], truth.keypoint[:, 0], strict=True):
        rows_columns = (mask == 1).nonzero()
        if len(rows_columns):
            sides.append((rows_columns.amax(0) - rows_columns.amin(0)).max() + 1.0)
        else:
            there = point[~point.isnan().any(1)]
            sides.append((there.amax(0) - there.amin(0)).max() if len(there) else torch.tensor(torch.nan))
    return torch.stack(sides)


def _mean(metric: str, tracks: list[Tensor], **where: Any) -> Measure:
    """Return the mean over tracks in percent with its 95 % bootstrap interval."""
    return mean(metric, "%", 100 * torch.stack(tracks).double(), **where)
