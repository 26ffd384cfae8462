"""Scores of tracks over a test set: region similarity J and contour accuracy F of masks, distances of keypoints."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.reading.clip_file import ClipBatch
from selfsup.results import Measure

RECALL_THRESHOLD = 0.5
TOLERANCE = 0.008  # of the image's diagonal


@dataclass
class TrackScores:
    """Scores of one tracker: J and F per frame of each object's track; per clip, the distances of the keypoints visible
    in the first and the current frame, as a share of the object's size."""

    region: list[Tensor] = field(default_factory=list)
    contour: list[Tensor] = field(default_factory=list)
    distance: list[Tensor] = field(default_factory=list)

    def add(self, truth: ClipBatch, mask: Tensor, keypoint: Tensor) -> None:
        """Score tracks of a batch: mask uint8 (N, T - 1, H, W) and keypoint (N, T - 1, P, 2) from the second frame on.

        Masks of objects in the first frame count in all frames but the first and the last, as in DAVIS, within the clip's
        own width, which sets the tolerance of F; keypoints in all frames but the first.
        """
        unit_px = object_px(truth)
        for n, (length, width_px) in enumerate(zip(truth.length.tolist(), truth.width_px.tolist(), strict=True)):
            true, predicted = truth.mask[n, 1 : length - 1, :, :width_px], mask[n, : length - 2, :, :width_px]
            for number in torch.unique(truth.mask[n, 0]).tolist():
                if number:
                    pair = (predicted == number, true == number)
                    self.region.append(region_similarity(*pair))
                    self.contour.append(contour_accuracy(*pair))
            distance_px = (keypoint[n, : length - 1] - truth.keypoint[n, 1:length]).norm(dim=-1)
            visible = ~(distance_px + truth.keypoint[n, 0].sum(-1)).isnan()
            self.distance.append(distance_px[visible] / unit_px[n])

    def measures(self, pck_thresholds: list[float], baseline: str = "") -> list[Measure]:
        """Return ``j_mean``, ``j_recall``, ``f_mean`` and, at each threshold, ``pck``, in percent, where they apply."""
        measures = []
        if self.region:
            measures = [
                _mean("j_mean", [track.mean() for track in self.region], baseline=baseline),
                _mean("j_recall", [(j > RECALL_THRESHOLD).float().mean() for j in self.region], baseline=baseline),
                _mean("f_mean", [track.mean() for track in self.contour], baseline=baseline),
            ]
        if clips := [clip for clip in self.distance if len(clip)]:
            measures += [
                _mean("pck", [(c <= t).float().mean() for c in clips], baseline=baseline, at=t) for t in pck_thresholds
            ]
        return measures


def object_px(truth: ClipBatch) -> Tensor:
    """Return the longer side (N,) of the box around object 1 in the first frame, or around the keypoints without a mask."""
    sides = []
    for mask, point in zip(truth.mask[:, 0], truth.keypoint[:, 0], strict=True):
        rows_columns = (mask == 1).nonzero()
        if len(rows_columns):
            sides.append((rows_columns.amax(0) - rows_columns.amin(0)).max() + 1.0)
        else:
            visible = point[~point.isnan().any(1)]
            sides.append((visible.amax(0) - visible.amin(0)).max() if len(visible) else torch.tensor(torch.nan))
    return torch.stack(sides)


def _mean(metric: str, tracks: list[Tensor], **columns: Any) -> Measure:
    return mean(metric, "%", 100 * torch.stack(tracks).double(), **columns)


def region_similarity(predicted: Tensor, true: Tensor) -> Tensor:
    """Return J (M,) of masks (M, H, W) bool: intersection over union, 1 if both are empty.

    Source: Perazzi et al. 2016 (DAVIS), section 4, and its published code.
    """
    union = (predicted | true).sum((1, 2))
    return torch.where(union > 0, (predicted & true).sum((1, 2)) / union.clamp(min=1), 1.0)


def contour_accuracy(predicted: Tensor, true: Tensor) -> Tensor:
    """Return F (M,) of masks (M, H, W) bool: the harmonic mean of precision and recall of the contours' pixels.

    A pixel is correct if the other contour has a pixel within TOLERANCE of the image's diagonal, rounded up. F is 1 for
    two empty contours and 0 if only one is empty.

    Source: Perazzi et al. 2016 (DAVIS), section 4, and its published code.
    """
    radius_px = math.ceil(TOLERANCE * math.hypot(*predicted.shape[1:]))
    predicted_contour, true_contour = contour(predicted), contour(true)
    precision = _matched(predicted_contour, dilated(true_contour, radius_px))
    recall = _matched(true_contour, dilated(predicted_contour, radius_px))
    total = precision + recall
    return torch.where(total > 0, 2 * precision * recall / total.clamp(min=1e-12), 0.0)


def contour(mask: Tensor) -> Tensor:
    """Return the pixels (M, H, W) that differ from their neighbour to the right, below, or below right, if there is one."""
    padded = F.pad(mask[:, None].float(), (0, 1, 0, 1), mode="replicate")[:, 0] > 0.5
    right, below, diagonal = padded[:, :-1, 1:], padded[:, 1:, :-1], padded[:, 1:, 1:]
    return (mask ^ right) | (mask ^ below) | (mask ^ diagonal)


def dilated(mask: Tensor, radius_px: int) -> Tensor:
    """Return masks (M, H, W) dilated by a disk."""
    offset = torch.arange(-radius_px, radius_px + 1, device=mask.device)
    disk = (offset[:, None] ** 2 + offset**2 <= radius_px**2).float()
    return F.conv2d(mask[:, None].float(), disk[None, None], padding=radius_px)[:, 0] > 0.5


def _matched(pixels: Tensor, near_other: Tensor) -> Tensor:
    """Return the share (M,) of pixels that are near the other contour, 1 where there are none."""
    count = pixels.sum((1, 2))
    return torch.where(count > 0, (pixels & near_other).sum((1, 2)) / count.clamp(min=1), 1.0)
