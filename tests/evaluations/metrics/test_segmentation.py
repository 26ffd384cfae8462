"""Intersection over union against scikit-learn and by hand, with void, and its intervals."""

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score

from selfsup.datasets.content.objects import VOID
from selfsup.errors import InputError
from selfsup.evaluations.metrics import segmentation
from tests.evaluations.named import named


@pytest.fixture
def masks():
    """Predictions right in 60 % of the pixels of 80 images of four classes, the last of which is rare."""
    random = np.random.default_rng(0)
    truth = random.choice(4, (80, 6, 5), p=(0.5, 0.3, 0.18, 0.02))
    predicted = np.where(random.random(truth.shape) < 0.6, truth, random.integers(0, 4, truth.shape))
    return torch.from_numpy(predicted), torch.from_numpy(truth)


def test_agrees_with_scikit_learn_and_void_pixels_count_nowhere(masks):
    predicted, truth = masks
    void = torch.rand(truth.shape, generator=torch.Generator().manual_seed(0)) < 0.2
    counts = segmentation.pixel_counts(predicted, truth.masked_fill(void, VOID), 4)
    expected = 100 * jaccard_score(truth[~void], predicted[~void], average=None)
    assert segmentation.iou(counts.sum(0)).tolist() == pytest.approx(expected.tolist())
    assert segmentation.mean_iou(counts) == pytest.approx(expected.mean())


def test_by_hand():
    truth = torch.tensor([[[0, 0, 1, VOID]], [[1, 1, 1, 0]]])
    predicted = torch.tensor([[[0, 1, 1, 1]], [[1, 0, 1, 0]]])
    counts = segmentation.pixel_counts(predicted, truth, 3)
    assert counts[0].tolist() == [[1, 1, 2], [1, 2, 1], [0, 0, 0]]
    assert segmentation.iou(counts.sum(0))[:2].tolist() == pytest.approx([100 * 2 / 4, 100 * 3 / 5])
    assert segmentation.mean_iou(counts) == pytest.approx(55)  # the class that never occurs is no part of the mean
    scores = named(segmentation.scores(counts, ["sky", "road", "car"]))
    assert scores.keys() == {"miou", "iou/sky", "iou/road"}
    assert scores["miou"].n == 2


def test_the_interval_is_the_spread_over_sets_of_images():
    """Many sets of 60 images: the 95 % interval of one holds the value of all in about 95 % of the sets."""
    random = np.random.default_rng(1)
    error = random.beta(2, 5, 200 * 60)[:, None, None]
    truth = random.choice(3, (200 * 60, 4, 4), p=(0.6, 0.3, 0.1))
    predicted = np.where(random.random(truth.shape) < error, random.integers(0, 3, truth.shape), truth)
    counts = segmentation.pixel_counts(torch.from_numpy(predicted), torch.from_numpy(truth), 3)
    value = segmentation.mean_iou(counts)
    for images in (60, 20):
        intervals = [segmentation.scores(one, "abc")[0] for one in counts[: 200 * images].split(images)]
        assert 0.88 < np.mean([m.boot_low <= value <= m.boot_high for m in intervals]) <= 0.99, images


def test_one_image_has_no_interval(masks):
    predicted, truth = masks
    (miou, *_) = segmentation.scores(segmentation.pixel_counts(predicted[:1], truth[:1], 4), "abcd")
    assert (miou.boot_low, miou.boot_high) == (None, None)


def test_masks_of_another_size_are_refused(masks):
    predicted, truth = masks
    with pytest.raises(InputError, match=r"masks are \(6, 5\) and predictions \(6, 4\)"):
        segmentation.pixel_counts(predicted[:, :, :4], truth, 4)
