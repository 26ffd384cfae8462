"""Segmentation scores: intersection over union of the classes of pixels, over all images of a set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import stdtrit
from torch import Tensor

from selfsup.datasets.content.objects import VOID
from selfsup.errors import InputError
from selfsup.results import FEW_EXAMPLES, Measure

RESAMPLES = 1000


def pixel_counts(predicted: Tensor, truth: Tensor, classes: int) -> Tensor:
    """Return int64 (N, K, 3): of each image and class the pixels that are both predicted and true, predicted, and true.

    ``predicted`` and ``truth`` (N, H, W); pixels whose truth is VOID count nowhere.
    """
    if predicted.shape != truth.shape:
        raise InputError(
            f"masks are {tuple(truth.shape[1:])} and predictions {tuple(predicted.shape[1:])}; prepare masks and images at one "
            "size"
        )
    known = truth != VOID
    pair = torch.where(known, truth.long() * classes + predicted.long(), classes * classes)
    rows = torch.arange(len(truth))[:, None] * (classes * classes + 1)
    counts = (pair.flatten(1) + rows).flatten().bincount(minlength=len(truth) * (classes * classes + 1))
    confusion = counts.view(len(truth), -1)[:, :-1].view(len(truth), classes, classes)
    return torch.stack([confusion.diagonal(dim1=1, dim2=2), confusion.sum(1), confusion.sum(2)], 2)


def iou(counts: Tensor) -> Tensor:
    """Return (..., K) float64 in percent of counts (..., K, 3): intersection over union, NaN for a class that is neither true
    nor predicted."""
    both, predicted, true = counts.double().unbind(-1)
    return 100 * both / (predicted + true - both)


def mean_iou(counts: Tensor) -> float:
    """Return the mean over classes that occur of the IoU over all images, of counts (N, K, 3), in percent.

    Source: Everingham et al. 2010 (PASCAL VOC), section 4.2.2.
    """
    return float(iou(counts.sum(0)).nanmean())


def scores(counts: Tensor, names: Sequence[str]) -> list[Measure]:
    """Return ``miou`` with its interval over images, and ``iou`` of each class that occurs, of counts (N, K, 3)."""
    low, high = _interval(counts)
    classes = [
        Measure("iou", "%", float(value), len(counts), subset=name)
        for name, value in zip(names, iou(counts.sum(0)), strict=True)
        if not value.isnan()
    ]
    return [miou(counts, low, high), *classes]


def miou(counts: Tensor, low: float | None = None, high: float | None = None, **columns: Any) -> Measure:
    """Return the measure ``miou``, without an interval where none is given."""
    return Measure("miou", "%", mean_iou(counts), len(counts), boot_low=low, boot_high=high, **columns)


def most_frequent(truth: Tensor, test_truth: Tensor, classes: int) -> Measure:
    """Return ``miou`` of the baseline ``most_frequent``: the most frequent class of the training pixels everywhere."""
    constant = truth[truth != VOID].long().bincount().argmax()
    return miou(pixel_counts(constant.expand_as(test_truth), test_truth, classes), baseline="most_frequent")


def _interval(counts: Tensor) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of ``mean_iou`` over images: a bootstrap, of few images a t-interval of the jackknife."""
    total = counts.sum(0)
    n = len(counts)
    if n < FEW_EXAMPLES:
        return _jackknife([mean_iou((total - image)[None]) for image in counts], mean_iou(counts))
    times = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)
    resampled = torch.from_numpy(times) @ counts.flatten(1).double()
    values = iou(resampled.view(RESAMPLES, *total.shape)).nanmean(1).numpy()
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _jackknife(without: list[float], value: float) -> tuple[float, float] | tuple[None, None]:
    n = len(without)
    if n < 2:
        return None, None
    error = np.sqrt((n - 1) * np.var(without))
    half_width = float(stdtrit(n - 1, 0.975) * error)
    return max(0.0, value - half_width), min(100.0, value + half_width)
